/** Readiness, draining and the end. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { held } from './support/held-path.ts';
import { startLoad } from './support/load.ts';
import { field, statusOf } from './support/message.ts';
import { ask, connect, get, post } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { newFolder, replaceFile, settingsText } from './support/settings.ts';
import { runSidecar, startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let service: ScriptedService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const start = (...flags: string[]): ReturnType<typeof startSidecar> => startSidecar({ upstream: service.port, flags });
const ready = async (sidecar: { ask(path: string): Promise<{ status: number }> }): Promise<number> =>
  (await sidecar.ask('/readyz')).status;

describe('SIGTERM', () => {
  const loadOf = (port: number, path: string): ReturnType<typeof startLoad> =>
    startLoad({
      port,
      clients: 24,
      request: () => post(path, 'x'.repeat(2000)),
      isRight: ({ body }) => body.length === 2000,
    });

  test('under load loses nothing, where the load goes elsewhere once it is not ready', async () => {
    await using sidecar = await start('--drain-delay=300ms');
    const load = loadOf(sidecar.inbound, '/load');
    await until('load', () => load.answered > 500);
    sidecar.signal('SIGTERM');
    await until('not ready', async () => (await ready(sidecar)) === 503);
    load.goElsewhere();
    await load.ended;
    expect(load.tally.lost).toEqual([]);
    expect([...load.tally.answers.keys()]).toEqual([200]);
    expect(await sidecar.exited).toBe(0);
    expect(service.seen('/load')).toHaveLength(load.answered);
  });

  test('under load that never stops coming answers whatever it has accepted', async () => {
    await using sidecar = await start('--drain-delay=100ms');
    const load = loadOf(sidecar.inbound, '/stubborn');
    await until('load', () => load.answered > 500);
    sidecar.signal('SIGTERM');
    await load.ended;
    expect(await sidecar.exited).toBe(0);
    expect(service.seen('/stubborn')).toHaveLength(load.answered);
    // The kernel accepts for us: a connection that we never saw is reset, before a byte came back.
    for (const lost of load.tally.lost) expect(lost).toMatch(/^reset before .*: ""$/);
  });

  test('waits for the request at the service, for the one that waits in the queue and for the one that drips', async () => {
    await using sidecar = await startSidecar({
      upstream: service.port,
      flags: ['--drain-delay=0s'],
      settings: {
        inbound: {
          routes: [
            {
              name: 'one',
              match: { path: '/held' },
              concurrency: { maxConcurrent: 1, queue: { size: 1, timeout: '20s' } },
            },
          ],
        },
      },
    });
    const arrives = held(service, '/held');
    const [first, second, third] = [
      await connect(sidecar.inbound),
      await connect(sidecar.inbound),
      await connect(sidecar.inbound),
    ];
    first.send(get('/held'));
    const atService = await arrives();
    second.send(get('/held'));
    await sidecar.metricIs('fusebox_queue_depth', { route: 'one' }, 1);
    third.send('POST /dripping HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    await until('the upload', () => service.seen('/dripping').length === 1);
    sidecar.signal('SIGTERM');
    await until('no more connections', () =>
      connect(sidecar.inbound).then(
        ({ socket }) => void socket.destroy(),
        () => true,
      ),
    );

    atService.send(answer('200 OK', 'one'));
    const message = await first.message();
    expect(message.body).toBe('one');
    expect(field(message, 'connection')).toBe('close');
    (await arrives()).send(answer('200 OK', 'two'));
    expect(await second.message()).toMatchObject({ body: 'two' });
    third.send('cd');
    expect(await third.message()).toMatchObject({ body: 'abcd' });
    expect(await sidecar.exited).toBe(0);
  });

  test('lets a slow reader have its whole answer', async () => {
    await using sidecar = await start('--drain-delay=0s');
    const body = 'x'.repeat(12_000_000);
    service.on('/slow-reader', (connection) => connection.send(answer('200 OK', body)));
    const client = await connect(sidecar.inbound);
    client.socket.pause();
    client.send(get('/slow-reader'));
    await until('the request', () => service.seen('/slow-reader').length === 1);
    sidecar.signal('SIGTERM');
    await sidecar.logged('draining: not ready, still serving');
    client.socket.resume();
    expect((await client.message()).body.length).toBe(body.length);
    expect(await sidecar.exited).toBe(0);
  });

  test('closes idle connections, and ends though a client holds its own open', async () => {
    await using sidecar = await start('--drain-delay=0s');
    const [used, fresh] = [await connect(sidecar.inbound), await connect(sidecar.inbound)];
    used.send(get('/'));
    await used.message();
    sidecar.signal('SIGTERM');
    expect(await used.ended()).toBe('end');
    expect(await fresh.ended()).toBe('end');
    expect(await sidecar.exited).toBe(0);
  });

  test('a connection that was just made may still say what it wants', async () => {
    await using sidecar = await start('--drain-delay=0s');
    const fresh = await connect(sidecar.inbound);
    sidecar.signal('SIGTERM');
    await until('no more connections', () =>
      connect(sidecar.inbound).then(
        ({ socket }) => void socket.destroy(),
        () => true,
      ),
    );
    fresh.send(get('/fresh'));
    const message = await fresh.message();
    expect(statusOf(message)).toBe(200);
    expect(field(message, 'connection')).toBe('close');
    expect(await sidecar.exited).toBe(0);
  });

  test('is obeyed after the drain delay, not before', async () => {
    await using sidecar = await start('--drain-delay=400ms');
    const beganMs = performance.now();
    sidecar.signal('SIGTERM');
    await sidecar.logged('draining: not ready, still serving');
    expect(await ready(sidecar)).toBe(503);
    const message = await ask(sidecar.inbound, get('/still-served'));
    expect(statusOf(message)).toBe(200);
    expect(field(message, 'connection')).toBe('close');
    expect(await sidecar.exited).toBe(0);
    expect(performance.now() - beganMs).toBeGreaterThan(390);
  });
});

test('SIGINT skips the drain delay', async () => {
  await using sidecar = await start('--drain-delay=60s');
  sidecar.signal('SIGINT');
  expect(await sidecar.exited).toBe(0);
});

describe('fusebox-sidecar drain', () => {
  test('makes it not ready, and everything is still served, with Connection: close', async () => {
    await using sidecar = await start('--drain-delay=0s');
    expect(await ready(sidecar)).toBe(200);
    const kept = await connect(sidecar.inbound);
    kept.send(get('/before'));
    expect(field(await kept.message(), 'connection')).toBeNull();
    expect(await runSidecar(['drain', '--admin', `127.0.0.1:${sidecar.admin}`])).toEqual({ status: 0, output: '' });
    expect(await ready(sidecar)).toBe(503);
    expect((await sidecar.ask('/livez')).status).toBe(200);
    kept.send(get('/draining'));
    const message = await kept.message();
    expect(statusOf(message)).toBe(200);
    expect(field(message, 'connection')).toBe('close');
    expect(await kept.ended()).toBe('end');
    expect(statusOf(await ask(sidecar.inbound, get('/draining')))).toBe(200);
    // Only SIGTERM ends it.
    sidecar.signal('SIGTERM');
    expect(await sidecar.exited).toBe(0);
  });

  test('refusals close too while draining', async () => {
    await using sidecar = await startSidecar({
      upstream: service.port,
      settings: { inbound: { unmatched: 'Refuse' } },
    });
    await runSidecar(['drain', '--admin', `127.0.0.1:${sidecar.admin}`]);
    const message = await ask(sidecar.inbound, get('/'));
    expect(statusOf(message)).toBe(404);
    expect(field(message, 'connection')).toBe('close');
  });

  test('fails loudly when there is nobody', async () => {
    const { status, output } = await runSidecar(['drain', '--admin', '127.0.0.1:1']);
    expect(status).toBe(1);
    expect(output).toContain('127.0.0.1:1');
  });
});

describe('readiness', () => {
  test('without a source it is ready at once', async () => {
    await using sidecar = await start();
    expect(await ready(sidecar)).toBe(200);
  });

  test('with a source that says nothing it waits for `startupTimeout`, and serves meanwhile', async () => {
    const folder = await newFolder();
    const config = join(folder.path, 'missing.yaml');
    await using sidecar = await start(`--config=${config}`, '--startup-timeout=1s');
    expect(await ready(sidecar)).toBe(503);
    expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(200);
    await until('ready', async () => (await ready(sidecar)) === 200);
    await folder.remove();
  });

  test('becomes ready as soon as the settings come', async () => {
    const folder = await newFolder();
    const config = join(folder.path, 'late.yaml');
    await using sidecar = await start(`--config=${config}`, '--startup-timeout=60s');
    expect(await ready(sidecar)).toBe(503);
    await replaceFile(config, settingsText({}));
    await sidecar.logged('settings applied');
    expect(await ready(sidecar)).toBe(200);
    await folder.remove();
  });

  test('with the last good settings on disk it is ready though the file is missing, and enforces them', async () => {
    const folder = await newFolder();
    const config = join(folder.path, 'settings.yaml');
    const flags = [`--config=${config}`, `--data-dir=${join(folder.path, 'data')}`, '--drain-delay=0s'];
    await replaceFile(config, settingsText({ inbound: { unmatched: 'Refuse' } }));
    const first = await start(...flags);
    await first.logged('settings applied');
    const { version } = await first.json<{ version: string }>('/snapshot');
    first.signal('SIGTERM');
    expect(await first.exited).toBe(0);
    await first.kill();

    await rm(config);
    await using second = await start(...flags, '--startup-timeout=60s');
    expect(await ready(second)).toBe(200);
    await until('it tells of the missing file', async () => {
      const { settings } = await second.json<{ settings: { valid: boolean } }>('/snapshot');
      return !settings.valid;
    });
    expect(await second.json('/snapshot')).toMatchObject({ version, origin: 'disk' });
    expect(statusOf(await ask(second.inbound, get('/')))).toBe(404);
    await folder.remove();
  });

  test('a sidecar that was killed has kept its settings too', async () => {
    const folder = await newFolder();
    const config = join(folder.path, 'settings.yaml');
    const flags = [`--config=${config}`, `--data-dir=${join(folder.path, 'data')}`];
    await replaceFile(config, settingsText({ inbound: { unmatched: 'Refuse' } }));
    const first = await start(...flags);
    await first.logged('settings applied');
    await until('the copy', () => existsSync(join(folder.path, 'data', 'last-good-snapshot.json')));
    await first.kill();
    await replaceFile(config, 'not: [valid');
    await using second = await start(...flags, '--startup-timeout=60s');
    expect(statusOf(await ask(second.inbound, get('/')))).toBe(404);
    await folder.remove();
  });
});

test('a port that is taken ends it with a message for people', async () => {
  const { status, output } = await runSidecar([`--inbound=127.0.0.1:${service.port}`, '--admin=none']);
  expect(status).toBe(1);
  expect(output).toContain('--inbound');
});

test('a faulty command line tells every fault and exits 64', async () => {
  const { status, output } = await runSidecar(['--inbound=nowhere', '--drain-delay=5', '--bogus']);
  expect(status).toBe(64);
  for (const flag of ['--inbound', '--drain-delay', '--bogus']) expect(output).toContain(flag);
});

test('an answer is whole though the client is told that the connection ends', async () => {
  await using sidecar = await start('--drain-delay=0s');
  service.on('/whole', async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer('200 OK', 'x'.repeat(500_000)));
  });
  await runSidecar(['drain', '--admin', `127.0.0.1:${sidecar.admin}`]);
  const client = await connect(sidecar.inbound);
  client.send(get('/whole'));
  expect((await client.message()).body.length).toBe(500_000);
  expect(await client.ended()).toBe('end');
});
