/** The sample service with its flags from a real sidecar, and from servers that offer less: changed live, without a restart. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openFlags, type Flags } from '@fusebox/sample-service/flags/flags.ts';
import { ofrepFlags } from '@fusebox/sample-service/flags/ofrep-flags.ts';
import { TableProvider } from '@fusebox/sample-service/flags/table-provider.ts';
import type { Log } from '@fusebox/sample-service/log.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { describe, expect, test } from 'vitest';
import { startSample } from './support/sample-process.ts';
import { startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

type FlagsUnderTest = Flags & { lines: string[]; ups: boolean[]; [Symbol.asyncDispose](): Promise<void> };

async function flagsFrom(port: number): Promise<FlagsUnderTest> {
  const lines: string[] = [];
  const line = (message: string): void => void lines.push(message);
  const log: Log = { debug: line, info: line, warn: line, error: line };
  const ups: boolean[] = [];
  const source = ofrepFlags({
    url: `http://127.0.0.1:${port}/`,
    targetingKey: 'instance-1',
    pollMs: () => 10,
    log,
    onUp: (up) => ups.push(up),
    random: () => 0,
  });
  const flags = await openFlags(new TableProvider(source));
  return { isOn: flags.isOn, lines, ups, [Symbol.asyncDispose]: () => flags.close() };
}

const scope = backgroundScope('test');
const nobody = 9; // the port of a service that is never there: nothing is contacted through it

describe('flags from a sidecar', () => {
  test('change with its settings, together, and only those that are true are on', async () => {
    await using sidecar = await startSidecar({ upstream: nobody, settings: { flags: { enable_profiles: true } } });
    await using flags = await flagsFrom(sidecar.local);
    expect(flags.isOn('enable_profiles', scope)).toBe(true);
    expect(flags.isOn('enable_user_cache', scope)).toBe(false);
    await sidecar.apply({ flags: { enable_profiles: false, enable_user_cache: true } });
    await until('both have changed', () => flags.isOn('enable_user_cache', scope));
    expect(flags.isOn('enable_profiles', scope)).toBe(false);
    await sidecar.apply({ flags: {} });
    await until('it is gone', () => !flags.isOn('enable_user_cache', scope));
  });

  test('are off where they are no booleans, disabled, or fail', async () => {
    const off = {
      enable_profiles: { state: 'ENABLED', variants: { on: 'true' }, defaultVariant: 'on' },
      enable_user_cache: { state: 'DISABLED', variants: { on: true }, defaultVariant: 'on' },
    };
    await using sidecar = await startSidecar({ upstream: nobody, settings: { flags: off } });
    await using flags = await flagsFrom(sidecar.local);
    expect([flags.isOn('enable_profiles', scope), flags.isOn('enable_user_cache', scope)]).toEqual([false, false]);
  });

  test('stay as they were while it is away, which is told once, and follow it when it is back', async () => {
    const sidecar = await startSidecar({ upstream: nobody, settings: { flags: { enable_profiles: true } } });
    const { local } = sidecar;
    await using flags = await flagsFrom(local);
    await sidecar.kill();
    await until('it is missed', () => flags.ups.length === 2);
    expect(flags.isOn('enable_profiles', scope)).toBe(true);
    const settings = { flags: { enable_user_cache: true } };
    await using again = await startSidecar({ upstream: nobody, settings, flags: [`--local=127.0.0.1:${local}`] });
    await until('its flags hold', () => flags.isOn('enable_user_cache', scope));
    expect(flags.isOn('enable_profiles', scope)).toBe(false);
    expect(flags.ups).toEqual([true, false, true]);
    expect(flags.lines).toEqual(['the server of flags is away, its last values hold', 'the server of flags is back']);
    await again.apply({ flags: {} });
    await until('its stream is followed', () => !flags.isOn('enable_user_cache', scope));
  });

  test('are off until it comes, when it is not there at the start', async () => {
    const first = await startSidecar({ upstream: nobody });
    const { local } = first;
    await first.kill();
    await using flags = await flagsFrom(local);
    expect(flags.isOn('enable_profiles', scope)).toBe(false);
    const settings = { flags: { enable_profiles: true } };
    await using _late = await startSidecar({ upstream: nobody, settings, flags: [`--local=127.0.0.1:${local}`] });
    await until('its flags hold', () => flags.isOn('enable_profiles', scope));
  });
});

test('flags from a server without a stream are asked for again and again, and sent only when they are others', async () => {
  const state = { on: false };
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const etag = `"${state.on}"`;
    const status = request.headers['if-none-match'] === etag ? 304 : 200;
    answers.push(status);
    response.writeHead(status, { etag, 'content-type': 'application/json' });
    const flag = { key: 'enable_profiles', value: state.on, reason: 'STATIC', variant: 'v' };
    response.end(status === 304 ? undefined : JSON.stringify({ flags: [flag] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  {
    await using flags = await flagsFrom((server.address() as AddressInfo).port);
    await until('it is asked again', () => answers.length > 3);
    expect(flags.isOn('enable_profiles', scope)).toBe(false);
    state.on = true;
    await until('the flag is on', () => flags.isOn('enable_profiles', scope));
    expect(answers.filter((status) => status === 200)).toHaveLength(2);
  }
  server.close();
  server.closeAllConnections();
});

test('an edit of the flags opens a route and switches the cache on and off, and no request fails', async () => {
  await using sidecar = await startSidecar({ upstream: nobody, settings: { flags: {} } });
  const sample = await startSample({
    args: ['--seed-users', '3'],
    env: { OFREP_ENDPOINT: `http://127.0.0.1:${sidecar.local}` },
  });
  await using _process = sample.process;
  const get = (path: string): Promise<Response> => fetch(`${sample.url}${path}`);
  const hits = async (): Promise<number> => {
    const [, count] = /^users_cache_reads_total\{result="hit"\} (\d+)$/m.exec(await (await get('/metrics')).text())!;
    return Number(count);
  };
  const statuses = new Set<number>();
  const load = { goesOn: true };
  const reader = (async (): Promise<void> => {
    while (load.goesOn) statuses.add((await get('/users/1')).status);
  })();
  expect((await get('/api/profiles')).status).toBe(404);
  for (let round = 0; round < 3; round += 1) {
    await sidecar.apply({ flags: { enable_profiles: true, enable_user_cache: true } });
    await until('the route is there', async () => (await get('/api/profiles')).status === 200);
    const before = await hits();
    await until('the cache is used', async () => (await hits()) > before);
    await sidecar.apply({ flags: {} });
    await until('the route has gone', async () => (await get('/api/profiles')).status === 404);
    // One read may have begun before.
    const after = await hits();
    for (let read = 0; read < 10; read += 1) await get('/users/1');
    expect(await hits()).toBeLessThanOrEqual(after + 1);
  }
  load.goesOn = false;
  await reader;
  expect([...statuses]).toEqual([200]);
  expect(await (await get('/metrics')).text()).toContain('users_flags_server_up 1');
});
