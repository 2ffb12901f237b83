/** Flags and live configuration in a real sidecar: at the gate, for an unmodified SDK, and as streams of changes. */
import { OpenFeature, type Client, type EvaluationContext } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { compile } from '@fusebox/api/compile/compile.ts';
import { configMap, featureFlagSet, resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { newToken, TestOperator } from './support/operator.ts';
import { ask, get } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { newFolder, settingsText, type Settings } from './support/settings.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let service: ScriptedService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await OpenFeature.close();
  await service.close();
});

const boolean = (defaultVariant: 'on' | 'off', more: object = {}) => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant,
  ...more,
});

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Asks the local API. */
async function local(sidecar: SidecarProcess, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${sidecar.local}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
}
const evaluate = (sidecar: SidecarProcess, key: string, context: object = {}): Promise<Answer> =>
  local(sidecar, `/ofrep/v1/evaluate/flags/${key}`, { method: 'POST', body: JSON.stringify({ context }) });
const evaluateAll = (sidecar: SidecarProcess, headers: Record<string, string> = {}): Promise<Answer> =>
  local(sidecar, '/ofrep/v1/evaluate/flags', { method: 'POST', body: '{}', headers });

/** An SDK as a service would use it. */
async function sdk(sidecar: SidecarProcess): Promise<Client> {
  const domain = `sidecar-${sidecar.local}`;
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: `http://127.0.0.1:${sidecar.local}` }));
  return OpenFeature.getClient(domain);
}

/** The data of the events of a stream, as they come. */
async function follow(
  sidecar: SidecarProcess,
  path: string,
  more: Record<string, string> = {},
): Promise<{ events: unknown[]; end(): void }> {
  const ending = new AbortController();
  const headers = { accept: 'text/event-stream', ...more };
  const response = await fetch(`http://127.0.0.1:${sidecar.local}${path}`, { headers, signal: ending.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: unknown[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (data !== undefined) events.push(JSON.parse(data));
      }
    }
  };
  read().catch(() => {});
  return { events, end: () => ending.abort() };
}

describe('an OpenFeature SDK', () => {
  const flags = {
    simple: true,
    colour: { state: 'ENABLED', variants: { red: '#f00', blue: '#00f' }, defaultVariant: 'red' },
    limit: { state: 'ENABLED', variants: { low: 10, high: 0.5 }, defaultVariant: 'high' },
    layout: { state: 'ENABLED', variants: { wide: { columns: 3 } }, defaultVariant: 'wide' },
    staff: boolean('off', { targeting: { if: [{ ends_with: [{ var: 'email' }, '@example.com'] }, 'on', 'off'] } }),
    disabled: { ...boolean('on'), state: 'DISABLED' },
    open: { state: 'ENABLED', variants: { on: true } },
    broken: boolean('on', { targeting: { no_such_operator: [1] } }),
  };

  test('reads every kind of flag, with reason and variant', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { flags } });
    const client = await sdk(sidecar);
    expect(await client.getBooleanDetails('simple', false)).toMatchObject({ value: true, reason: 'STATIC' });
    expect(await client.getStringDetails('colour', '')).toMatchObject({ value: '#f00', variant: 'red' });
    expect(await client.getNumberValue('limit', 1)).toBe(0.5);
    expect(await client.getObjectValue('layout', {})).toEqual({ columns: 3 });
    const of = (context: EvaluationContext) => client.getBooleanDetails('staff', false, context);
    expect(await of({ email: 'a@example.com' })).toMatchObject({ value: true, reason: 'TARGETING_MATCH' });
    expect(await of({ email: 'a@example.org' })).toMatchObject({ value: false });
  });

  test("gets its own default where the flag has none, and flagd's error where the rule fails", async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { flags } });
    const client = await sdk(sidecar);
    for (const key of ['disabled', 'open', 'unknown', 'broken']) {
      expect(await client.getBooleanValue(key, true)).toBe(true);
      expect(await client.getBooleanValue(key, false)).toBe(false);
    }
    expect(await client.getBooleanDetails('unknown', true)).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    expect(await client.getBooleanDetails('broken', true)).toMatchObject({ errorCode: 'PARSE_ERROR' });
    expect((await evaluate(sidecar, 'disabled')).body).toEqual({ key: 'disabled', reason: 'DISABLED', metadata: {} });
    expect((await evaluate(sidecar, 'open')).body).toEqual({ key: 'open', reason: 'DEFAULT', metadata: {} });
    const warned = await sidecar.logged('settings have warnings');
    expect(JSON.stringify(warned)).toContain('the flag broken has the unknown operator');
  });
});

describe('OFREP', () => {
  test('evaluates all flags, with a validator that holds until one of them changes', async () => {
    const settings = (value: boolean): Settings => ({
      flags: { a: value, b: boolean('on'), off: { ...boolean('on'), state: 'DISABLED' } },
    });
    await using sidecar = await startSidecar({ upstream: service.port, settings: settings(true) });
    const first = await evaluateAll(sidecar);
    expect(first.body).toEqual({
      flags: [
        { key: 'a', value: true, reason: 'STATIC', variant: 'on', metadata: {} },
        { key: 'b', value: true, reason: 'STATIC', variant: 'on', metadata: {} },
      ],
      eventStreams: [{ type: 'sse', url: `http://127.0.0.1:${sidecar.local}/ofrep/v1/events` }],
    });
    const etag = first.headers.get('etag')!;
    expect(await evaluateAll(sidecar, { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
    await sidecar.apply(settings(false));
    expect(await evaluateAll(sidecar, { 'if-none-match': etag })).toMatchObject({ status: 200 });
  });

  test.each([
    ['no JSON', '{', 'PARSE_ERROR'],
    ['no object', '[]', 'INVALID_CONTEXT'],
    ['a context that is none', '{"context": 1}', 'INVALID_CONTEXT'],
  ])('refuses %s', async (_what, body, errorCode) => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { flags: { a: true } } });
    const one = await local(sidecar, '/ofrep/v1/evaluate/flags/a', { method: 'POST', body });
    expect(one).toMatchObject({ status: 400, body: { key: 'a', errorCode } });
    const all = await local(sidecar, '/ofrep/v1/evaluate/flags', { method: 'POST', body });
    expect(all).toMatchObject({ status: 400, body: { errorCode } });
  });

  test('tells a change of flags as an event, and no other change', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { flags: { a: true } } });
    expect(await local(sidecar, '/ofrep/v1/configuration')).toMatchObject({ status: 200, body: { name: 'fusebox' } });
    const { events, end } = await follow(sidecar, '/ofrep/v1/events');
    await until('the first event', () => events.length > 0);
    await sidecar.apply({ flags: { a: true }, mode: 'Shadow' });
    await sidecar.apply({ flags: { a: false }, mode: 'Shadow' });
    await until('an event', () => events.length > 1);
    const event = { type: 'refetchEvaluation', etag: expect.stringMatching(/^".+"$/) as unknown };
    expect(events).toEqual([event, event]);
    end();
  });

  test('tells what has changed between the answer and the stream, and what has not only to who says so', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { flags: { a: true } } });
    await evaluateAll(sidecar);
    await sidecar.apply({ flags: { a: false } });
    const { events, end } = await follow(sidecar, '/ofrep/v1/events');
    await until('an event', () => events.length > 0);
    end();
    const id = (events[0] as { etag: string }).etag.replaceAll('"', '');
    const again = await follow(sidecar, '/ofrep/v1/events', { 'last-event-id': id });
    await sidecar.apply({ flags: { a: true } });
    await until('an event', () => again.events.length > 0);
    expect(again.events).toHaveLength(1);
    again.end();
  });

  test('never shows two flags mixed that were edited together', async () => {
    const edit = (count: number): Settings => {
      const which = count % 2 === 0 ? 'on' : 'off';
      return {
        flags: {
          plain: which === 'on',
          full: boolean(which),
          ruled: boolean('on', { targeting: { if: [true, which] } }),
        },
      };
    };
    await using sidecar = await startSidecar({ upstream: service.port, settings: edit(0) });
    const seen = new Set<string>();
    const reading = { goesOn: true };
    const reader = (async (): Promise<void> => {
      while (reading.goesOn) {
        const { flags } = (await evaluateAll(sidecar)).body as { flags: { value: boolean }[] };
        seen.add(JSON.stringify(flags.map(({ value }) => value)));
      }
    })();
    for (let count = 1; count <= 40; count++) await sidecar.apply(edit(count));
    reading.goesOn = false;
    await reader;
    expect([...seen].toSorted()).toEqual(['[false,false,false]', '[true,true,true]']);
  });
});

describe('a gate', () => {
  const gated = (flag: unknown, more: Partial<Settings> = {}): Settings => ({
    flags: { flag },
    inbound: { routes: [{ name: 'user', match: { path: '/users/:id' }, flag: 'flag' }] },
    ...more,
  });
  const statusAt = async (sidecar: SidecarProcess, target: string, ...lines: string[]): Promise<number> =>
    statusOf(await ask(sidecar.inbound, get(target, ...lines)));

  test('is open for whom its flag is on, by header and by path parameter', async () => {
    const settings = gated(
      boolean('off', {
        targeting: { if: [{ or: [{ '==': [{ var: 'plan' }, 'gold'] }, { '==': [{ var: 'id' }, 'ö 7'] }] }, 'on'] },
      }),
      { context: { headers: { 'X-Plan': 'plan' }, pathParameters: true } },
    );
    await using sidecar = await startSidecar({ upstream: service.port, settings });
    expect(await statusAt(sidecar, '/users/1')).toBe(404);
    expect(await statusAt(sidecar, '/users/1', 'x-plan: gold')).toBe(200);
    expect(await statusAt(sidecar, '/users/1', 'x-plan: silver')).toBe(404);
    expect(await statusAt(sidecar, '/users/%C3%B6%207')).toBe(200);
    expect(field(await ask(sidecar.inbound, get('/users/1')), 'fusebox-reason')).toBe('flag-off');
  });

  test.each([
    ['is disabled', { ...boolean('on'), state: 'DISABLED' }],
    ['has no default', { state: 'ENABLED', variants: { on: true } }],
    ['is no boolean', { state: 'ENABLED', variants: { on: 'true' }, defaultVariant: 'on' }],
    ['has a rule that fails', boolean('on', { targeting: { no_such_operator: [] } })],
  ])('is shut while its flag %s', async (_what, flag) => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: gated(flag) });
    expect(await statusAt(sidecar, '/users/1')).toBe(404);
    await sidecar.apply(gated(boolean('on')));
    expect(await statusAt(sidecar, '/users/1')).toBe(200);
  });
});

describe('a route that a flag chooses', () => {
  const match = { path: '/users/:id' };
  const routes = (forbidden: string): object[] => [
    { name: 'chosen', match, when: { flag: 'plan', variant: 'gold' }, flag: forbidden },
    { name: 'plain', match },
  ];
  const plan = {
    state: 'ENABLED',
    variants: { gold: 'g', none: 'n' },
    defaultVariant: 'none',
    targeting: { if: [{ '==': [{ var: 'tier' }, 'gold'] }, 'gold'] },
  };

  test('takes whom the flag selects; its evaluations are counted beside those of gates and of the service', async () => {
    const settings: Settings = {
      flags: { plan, shut: false },
      context: { headers: { 'x-tier': 'tier' } },
      inbound: { routes: routes('shut') },
    };
    await using sidecar = await startSidecar({ upstream: service.port, settings });
    expect(statusOf(await ask(sidecar.inbound, get('/users/1')))).toBe(200);
    expect(statusOf(await ask(sidecar.inbound, get('/users/1', 'x-tier: gold')))).toBe(404);
    await evaluate(sidecar, 'plan', { tier: 'gold' });
    await evaluate(sidecar, 'none');
    await evaluateAll(sidecar);
    const text = (await sidecar.ask('/metrics')).text;
    const counted = text.split('\n').filter((line) => line.startsWith('fusebox_flag_evaluations_total{'));
    expect(counted.map((line) => line.replace('fusebox_flag_evaluations_total', '')).toSorted()).toEqual([
      '{flag="_unknown",source="ofrep",reason="error",variant=""} 1',
      '{flag="plan",source="ofrep",reason="default",variant="none"} 1',
      '{flag="plan",source="ofrep",reason="targeting_match",variant="gold"} 1',
      '{flag="plan",source="when",reason="default",variant="none"} 1',
      '{flag="plan",source="when",reason="targeting_match",variant="gold"} 1',
      '{flag="shut",source="gate",reason="static",variant="off"} 1',
      '{flag="shut",source="ofrep",reason="static",variant="off"} 1',
    ]);
  });

  test('never goes by another edit than its gate does', async () => {
    // Whatever is chosen is open, as long as all three flags are of one edit.
    const edit = (count: number): Settings => {
      const chosen = count % 2 === 0;
      return {
        flags: { chosen: boolean(chosen ? 'on' : 'off'), open: chosen, other: !chosen },
        inbound: {
          routes: [
            { name: 'chosen', match, when: { flag: 'chosen' }, flag: 'open' },
            { name: 'plain', match, flag: 'other' },
          ],
        },
      };
    };
    await using sidecar = await startSidecar({ upstream: service.port, settings: edit(0) });
    const seen = new Map<number, number>();
    const reading = { goesOn: true };
    const reader = async (): Promise<void> => {
      while (reading.goesOn) {
        const status = statusOf(await ask(sidecar.inbound, get('/users/1')));
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    };
    const readers = [reader(), reader()];
    for (let count = 1; count <= 30; count++) await sidecar.apply(edit(count));
    reading.goesOn = false;
    await Promise.all(readers);
    expect([...seen.keys()]).toEqual([200]);
    expect(await sidecar.metric('fusebox_flag_evaluations_total', { flag: 'chosen', variant: 'on' })).toBeGreaterThan(
      0,
    );
    expect(await sidecar.metric('fusebox_flag_evaluations_total', { flag: 'chosen', variant: 'off' })).toBeGreaterThan(
      0,
    );
  });
});

test('a flag that follows a circuit goes off with it, is told, and comes on when the wait is over', async () => {
  service.on('/fails', async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer('500 Internal Server Error', ''));
  });
  const settings = (resetTimeout: string): Settings => ({
    flags: { feature: boolean('on', { offWhile: { circuitOpen: 'inbound/user' } }) },
    inbound: {
      routes: [
        {
          name: 'user',
          match: { pathPrefix: '/fails' },
          circuitBreaker: { failureThreshold: 1, resetTimeout, maxResetTimeout: '10m', resetJitter: 0 },
        },
      ],
    },
  });
  await using sidecar = await startSidecar({ upstream: service.port, settings: settings('10m') });
  const client = await sdk(sidecar);
  const { events, end } = await follow(sidecar, '/ofrep/v1/events');
  await until('the first event', () => events.length === 1);
  expect(await client.getBooleanValue('feature', false)).toBe(true);
  expect(await sidecar.metric('fusebox_flag_off_while', { flag: 'feature' })).toBe(0);
  await ask(sidecar.inbound, get('/fails'));
  expect(await client.getBooleanDetails('feature', true)).toMatchObject({
    value: false,
    variant: 'off',
    reason: 'TARGETING_MATCH',
    flagMetadata: { reason: 'CIRCUIT_OPEN', circuit: 'inbound/user' },
  });
  expect(await sidecar.metric('fusebox_flag_off_while', { flag: 'feature', circuit: 'inbound/user' })).toBe(1);
  await until('the event that it went off', () => events.length === 2);
  // Its wait is over at once, by an edit.
  await sidecar.apply(settings('1ms'));
  await until('the event that it came on', () => events.length === 3);
  expect(await client.getBooleanValue('feature', false)).toBe(true);
  await sidecar.apply({});
  expect((await sidecar.ask('/metrics')).text).not.toContain('fusebox_flag_off_while');
  end();
});

test('from the operator, and from the disk after a restart, flags in full hold as from a file', async () => {
  await using operator = await TestOperator.start();
  const folder = await newFolder();
  const published = (defaultVariant: 'on' | 'off') =>
    compile(
      [
        featureFlagSet({ flags: { feature: boolean(defaultVariant) } }),
        resiliencePolicy({ inbound: { routes: [{ name: 'a', match: { path: '/a' }, flag: 'feature' }] } }),
        configMap({ config: { ttl: '60' } }),
      ],
      { namespace: null, workloads: [], labels: null },
    ).snapshot;
  operator.registry.publish('pod', published('off'));
  // Two at once, while what evaluates them may still be loading: the newest holds.
  operator.registry.publish('pod', published('on'));
  const flags = ['--operator', operator.url, '--ca', operator.caPath, '--data-dir', folder.path];
  flags.push('--token', await operator.writeToken(newToken('pod')));
  const holds = async (sidecar: SidecarProcess): Promise<void> => {
    await until('the flag is on', async () => statusOf(await ask(sidecar.inbound, get('/a'))) === 200);
    expect((await evaluate(sidecar, 'feature')).body).toMatchObject({ value: true, variant: 'on' });
    expect((await local(sidecar, '/config/ttl')).body).toBe('60');
  };
  {
    await using sidecar = await startSidecar({ upstream: service.port, flags });
    await holds(sidecar);
    await until('it is acknowledged', () => operator.registry.acked('pod')?.digest === published('on').digest);
    await until('it is kept on disk', async () => (await readdir(folder.path)).includes('last-good-snapshot.json'));
  }
  await operator.stop();
  await using again = await startSidecar({ upstream: service.port, flags });
  await holds(again);
  await folder.remove();
});

describe('live configuration', () => {
  const config = { 'cache.ttl_seconds': '60', 'app.json': '{"a": 1}', 'flags.yaml': 'flags: {a: true}' };

  test('is read whole or by key, with validators', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { config } });
    const whole = await local(sidecar, '/config');
    expect(whole.body).toEqual({ 'app.json': '{"a": 1}', 'cache.ttl_seconds': '60' });
    const one = await local(sidecar, '/config/cache.ttl_seconds');
    expect(one).toMatchObject({ status: 200, body: '60' });
    expect(one.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const headers = { 'if-none-match': one.headers.get('etag')! };
    expect((await local(sidecar, '/config/cache.ttl_seconds', { headers })).status).toBe(304);
    expect(await local(sidecar, '/config/app.json')).toMatchObject({ body: { a: 1 } });
    expect((await local(sidecar, '/config/flags.yaml')).status).toBe(404);
    expect((await local(sidecar, '/config/__proto__')).status).toBe(404);
  });

  test('is told as it changes: what is now, then every change, a key that has gone as null', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: { config } });
    const one = await follow(sidecar, '/config/cache.ttl_seconds');
    const all = await follow(sidecar, '/config');
    await sidecar.apply({ config: { 'cache.ttl_seconds': '5', other: 'x' } });
    await until('the change', () => one.events.length === 2 && all.events.length === 2);
    await sidecar.apply({ config: { other: 'x' } });
    await until('its end', () => one.events.length === 3 && all.events.length === 3);
    const key = 'cache.ttl_seconds';
    expect(one.events).toEqual([
      { key, value: '60' },
      { key, value: '5' },
      { key, value: null },
    ]);
    expect(all.events).toEqual([
      { 'app.json': '{"a": 1}', 'cache.ttl_seconds': '60' },
      { 'cache.ttl_seconds': '5', other: 'x' },
      { other: 'x' },
    ]);
    one.end();
    all.end();
  });

  test('stands on no page and in no log line', async () => {
    const secret = 's3cr3t-0f-the-service';
    const shown: string[] = [];
    const flags = ['--log-level=debug', '--access-log=all'];
    const settings = { config: { password: secret, long: secret.repeat(1_000) } };
    await using sidecar = await startSidecar({ upstream: service.port, settings, flags });
    const look = async (): Promise<void> => {
      for (const path of ['/snapshot', '/metrics', '/circuits']) shown.push((await sidecar.ask(path)).text);
    };
    expect((await local(sidecar, '/config/password')).body).toBe(secret);
    expect((await local(sidecar, '/config/long')).body).toBe(settings.config.long);
    await look();
    const digest = (value: string): string => `sha256:${createHash('sha256').update(value).digest('hex')}`;
    expect(JSON.parse(shown[0]!)).toMatchObject({
      snapshot: {
        config: {
          long: { sizeBytes: 21_000, digest: digest(settings.config.long), encoding: 'text' },
          password: { sizeBytes: 21, digest: digest(secret), encoding: 'text' },
        },
      },
    });
    for (const broken of [
      settingsText({ config: { password: secret.repeat(60_000) } }),
      settingsText(settings).replace('"password"', '"password'),
      `${settingsText(settings)}\n  ${secret}: [`,
    ]) {
      const errors = sidecar.lines.filter(({ level }) => level === 'error').length;
      await sidecar.write(broken);
      await until('the refusal', () => sidecar.lines.filter(({ level }) => level === 'error').length > errors);
      await look();
    }
    expect(shown.join('') + JSON.stringify(sidecar.lines)).not.toContain('s3cr3t');
    expect(JSON.stringify(sidecar.lines)).toContain('has 1260000 bytes, more than the maximum 1048576');
  });
});

describe('the local API', () => {
  const statusFor = (port: number, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: '/config', headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on('error', reject).end();
    });

  test('refuses web pages and rebound names, unknown places, wrong methods and large bodies', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: {} });
    expect(await statusFor(sidecar.local, { host: `localhost:${sidecar.local}` })).toBe(200);
    expect(await statusFor(sidecar.local, { host: 'evil.example' })).toBe(403);
    expect(await statusFor(sidecar.local, { origin: 'http://evil.example' })).toBe(403);
    expect(await statusFor(sidecar.local, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect((await local(sidecar, '/nowhere')).status).toBe(404);
    expect(await local(sidecar, '/config', { method: 'POST', body: 'x' })).toMatchObject({ status: 405 });
    expect(await local(sidecar, '/ofrep/v1/evaluate/flags')).toMatchObject({ status: 405 });
    const body = 'x'.repeat(1_048_577);
    expect(await local(sidecar, '/ofrep/v1/evaluate/flags', { method: 'POST', body })).toMatchObject({ status: 413 });
  });

  test('refuses others before their body has come', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: {} });
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example', 'content-length': '1000000' };
      const path = '/ofrep/v1/evaluate/flags';
      const asked = request({ host: '127.0.0.1', port: sidecar.local, method: 'POST', path, headers });
      asked.on('response', ({ statusCode }) => {
        asked.destroy();
        resolve(statusCode);
      });
      asked.on('error', reject).flushHeaders();
    });
    expect(status).toBe(403);
  });

  test('is closed by none', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, flags: ['--local=none'] });
    expect(sidecar.local).toBe(0);
  });
});
