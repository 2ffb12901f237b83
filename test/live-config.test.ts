/** Live configuration in real processes: as files of a shared folder, and values that travel by digest. */
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '@fusebox/api/compile/compile.ts';
import { digestOf, digestOfBytes } from '@fusebox/api/digest.ts';
import { configMap, resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { newMemoryKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { OperatorFeed } from '@fusebox/sidecar/io/operator-feed.ts';
import type { Settings } from '@fusebox/sidecar/live-values.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { systemClock as clock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newToken, TestOperator } from './support/operator.ts';
import { startService, type ScriptedService } from './support/scripted-service.ts';
import { newFolder } from './support/settings.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

const POD = 'pod-with-values';
const PNG = Buffer.from('89504e470d0a1a0a00ff', 'hex');
const LONG = 'a line of text\n'.repeat(10_000);

let service: ScriptedService;
let folder: Awaited<ReturnType<typeof newFolder>>;
let files: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());
beforeEach(async () => {
  folder = await newFolder();
  files = join(folder.path, 'live');
  await mkdir(files);
});
afterEach(() => folder.remove());

const compiled = (config: Record<string, string>, binary: Record<string, Buffer> = {}) => {
  const base64 = Object.entries(binary).map(([key, bytes]) => [key, bytes.toString('base64')]);
  const documents = [
    configMap({ config, binary: Object.fromEntries(base64) as Record<string, string> }),
    resiliencePolicy({ inbound: { unmatched: 'Refuse' } }),
  ];
  return compile(documents, { namespace: null, workloads: [], labels: null });
};

const publish = (operator: TestOperator, { snapshot, blobs }: Settings): void =>
  operator.registry.publish(POD, snapshot, blobs);

const local = (sidecar: SidecarProcess, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${sidecar.local}${path}`, init);

/** The data of the events of a stream, one after the other. */
async function events(
  sidecar: SidecarProcess,
  path: string,
): Promise<{ next(): Promise<unknown>; end(): Promise<void> }> {
  const response = await local(sidecar, path, { headers: { accept: 'text/event-stream' } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      for (;;) {
        const found = /^data: (.*)\n\n/m.exec(text);
        if (found !== null) {
          text = text.slice(found.index + found[0].length);
          return JSON.parse(found[1]!);
        }
        text += (await reader.read()).value ?? '';
      }
    },
    end: () => reader.cancel(),
  };
}

async function follow(operator: TestOperator, flags: string[] = []): Promise<SidecarProcess> {
  const tokenPath = await operator.writeToken(newToken(POD));
  const from = ['--operator', operator.url, '--token', tokenPath, '--ca', operator.caPath];
  return startSidecar({ upstream: service.port, flags: [...from, `--live-files=${files}`, ...flags] });
}

const acked = (operator: TestOperator, digest: string) =>
  until(`an answer for ${digest}`, () => {
    const last = operator.registry.acked(POD);
    return last?.digest === digest ? last : null;
  });

test('from a file, keys are files that change together; watchers of the folder and of a key hear of it', async () => {
  const settings = (turn: string) => ({ config: { a: turn, b: turn, 'policy.yaml': '' } });
  const flags = [`--live-files=${files}`];
  await using sidecar = await startSidecar({ upstream: service.port, settings: settings('1'), flags });
  await until('the first set', async () => (await readFile(join(files, 'a'), 'utf8').catch(() => '')) === '1');
  expect((await readdir(files)).filter((name) => !name.startsWith('..'))).toEqual(['a', 'b']);
  expect((await stat(join(files, 'a'))).mode & 0o777).toBe(0o644);
  const heard: (string | null)[] = [];
  const watcher = watch(files, (_, name) => heard.push(name));
  for (const turn of ['2', '3', '4']) {
    heard.length = 0;
    await sidecar.apply(settings(turn));
    await until('the next set', async () => (await readFile(join(files, 'a'), 'utf8').catch(() => '')) === turn);
    expect(await readFile(join(files, 'b'), 'utf8')).toBe(turn);
    await until('it is heard', () => heard.includes('..data'));
  }
  watcher.close();
  await sidecar.apply({ config: { b: '5' } });
  await until(
    'one key has gone',
    async () => (await readdir(files)).filter((name) => !name.startsWith('..')).length === 1,
  );
  await until('nothing is left', async () => (await readdir(files)).length === 3);
  expect(await sidecar.metric('fusebox_live_files_current')).toBe(1);
});

test('a folder that is missing is told, and filled when it comes; requests are served all the while', async () => {
  await rm(files, { recursive: true });
  const flags = [`--live-files=${files}`];
  await using sidecar = await startSidecar({ upstream: service.port, settings: { config: { a: '1' } }, flags });
  await sidecar.logged('live files could not be replaced; those from before stay');
  expect(await sidecar.metric('fusebox_live_files_current')).toBe(0);
  expect(await (await local(sidecar, '/config/a')).text()).toBe('1');
  await mkdir(files);
  await sidecar.logged('live files are current again');
  expect(await readFile(join(files, 'a'), 'utf8')).toBe('1');
});

test('with no settings at all nothing is written, and what is there stays', async () => {
  await writeFile(join(files, 'theirs'), 'x');
  await using sidecar = await startSidecar({ upstream: service.port, flags: [`--live-files=${files}`] });
  expect((await sidecar.ask('/readyz')).status).toBe(200);
  expect(await readdir(files)).toEqual(['theirs']);
});

test('long and binary values come by digest, once, and are served, streamed and written like others', async () => {
  await using operator = await TestOperator.start();
  const first = compiled({ ttl: '60', 'long.txt': LONG }, { 'logo.png': PNG });
  expect(JSON.stringify(first.snapshot).length).toBeLessThan(5_000);
  publish(operator, first);
  await using sidecar = await follow(operator);
  const logo = await local(sidecar, '/config/logo.png');
  expect(Buffer.from(await logo.arrayBuffer())).toEqual(PNG);
  expect(logo.headers.get('content-type')).toBe('image/png');
  expect(logo.headers.get('etag')).toBe(`"${digestOfBytes(PNG)}"`);
  const head = await local(sidecar, '/config/long.txt', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '150000', '']);
  expect(await (await local(sidecar, '/config/long.txt')).text()).toBe(LONG);
  expect(await (await local(sidecar, '/config')).json()).toEqual({ ttl: '60' });
  await until('the files', () => readFile(join(files, 'logo.png')).catch(() => null));
  expect(await readFile(join(files, 'logo.png'))).toEqual(PNG);
  expect(await readFile(join(files, 'long.txt'), 'utf8')).toBe(LONG);

  const one = await events(sidecar, '/config/logo.png');
  const all = await events(sidecar, '/config');
  const told = (bytes: Buffer): object => ({
    key: 'logo.png',
    digest: digestOfBytes(bytes),
    sizeBytes: bytes.length,
    encoding: 'binary',
  });
  expect([await one.next(), await all.next()]).toEqual([told(PNG), { ttl: '60' }]);
  const other = Buffer.concat([PNG, PNG]);
  publish(operator, compiled({ ttl: '60', 'long.txt': LONG }, { 'logo.png': other }));
  // Of all keys it is told that something has changed: `/config-digests` says what.
  expect([await one.next(), await all.next()]).toEqual([told(other), { ttl: '60' }]);
  expect(await (await local(sidecar, '/config-digests')).json()).toMatchObject({
    'logo.png': { digest: digestOfBytes(other) },
  });
  await Promise.all([one.end(), all.end()]);
  expect(operator.blobsSent.toSorted((a, b) => a - b)).toEqual([PNG.length, other.length, LONG.length]);
});

test('a set is swapped only when all of it is here', async () => {
  await using operator = await TestOperator.start();
  publish(operator, compiled({ 'a.txt': '1', 'long.txt': LONG }));
  await using sidecar = await follow(operator);
  const next = compiled({ 'a.txt': '2', 'long.txt': `${LONG}2` });
  // Named, but not there to be fetched yet.
  operator.registry.publish(POD, next.snapshot);
  await until('it was asked for', () => operator.refused.includes(404));
  expect(await (await local(sidecar, '/config/a.txt')).text()).toBe('1');
  publish(operator, next);
  await acked(operator, next.snapshot.digest);
  expect(await (await local(sidecar, '/config/a.txt')).text()).toBe('2');
  expect(await (await local(sidecar, '/config/long.txt')).text()).toBe(`${LONG}2`);
});

test('an operator that goes away in between, and comes back, is asked again', async () => {
  const keeper = newMemoryKeeper();
  const first = await TestOperator.start({ keeper });
  const settings = compiled({}, { 'logo.png': PNG });
  first.registry.publish(POD, settings.snapshot);
  await using sidecar = await follow(first, ['--startup-timeout', '100ms']);
  await until('it was asked for', () => first.refused.includes(404));
  const { port } = first;
  await first.stop();
  await using second = await TestOperator.start({ keeper, port });
  publish(second, settings);
  await acked(second, settings.snapshot.digest);
  expect((await local(sidecar, '/config/logo.png')).status).toBe(200);
  await first[Symbol.asyncDispose]();
});

test('a stream of all keys carries as many short texts as there may be', async () => {
  const config = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key-${at}`, `${at}`.repeat(8_000)]));
  await using sidecar = await startSidecar({ upstream: service.port, settings: { config } });
  const all = await events(sidecar, '/config');
  expect(await all.next()).toEqual(config);
  await sidecar.apply({ config: { ...config, 'key-0': 'other' } });
  expect(await all.next()).toEqual({ ...config, 'key-0': 'other' });
  await all.end();
});

test('a start without the operator serves the values of the last good settings', async () => {
  await using operator = await TestOperator.start();
  const settings = compiled({ 'long.txt': LONG }, { 'logo.png': PNG });
  publish(operator, settings);
  const flags = ['--data-dir', join(folder.path, 'data')];
  {
    await using sidecar = await follow(operator, flags);
    expect((await local(sidecar, '/config/logo.png')).status).toBe(200);
    sidecar.signal('SIGINT');
    await sidecar.exited;
  }
  await operator.stop();
  await rm(files, { recursive: true });
  await mkdir(files);
  await using sidecar = await follow(operator, [...flags, '--startup-timeout', '100ms']);
  expect(await sidecar.json('/snapshot')).toMatchObject({ origin: 'disk', version: settings.snapshot.digest });
  expect(await (await local(sidecar, '/config/long.txt')).text()).toBe(LONG);
  await until('the files', () => readFile(join(files, 'logo.png')).catch(() => null));
});

test('a value that does not come within 10 s is a reason to refuse, and one that comes later is obeyed', async () => {
  await using operator = await TestOperator.start();
  const first = compiled({ 'a.txt': '1' });
  const next = compiled({ 'a.txt': '2' }, { 'logo.png': PNG });
  publish(operator, first);
  const inForce: Settings[] = [];
  const tenSeconds: (() => void)[] = [];
  const feed = new OperatorFeed({
    url: new URL(operator.url),
    files: { tokenPath: await operator.writeToken(newToken(POD)), caPath: operator.caPath },
    log: newLogger({ level: 'error', write: () => {}, wallMs: clock.wallMs }),
    clock,
    timers: {
      after(delayMs, run) {
        if (delayMs !== 10_000) return systemTimers.after(delayMs, run);
        tenSeconds.push(run);
        return () => {};
      },
    },
    random: () => 0,
    blobs: new Map(),
    onSnapshot: (settings) => inForce.push(settings),
    circuits: () => [],
  });
  try {
    await acked(operator, first.snapshot.digest);
    operator.registry.publish(POD, next.snapshot);
    await until('it was asked for', () => operator.refused.includes(404));
    tenSeconds[0]!();
    const reason = 'config["logo.png"]: its value has not come within 10 s: the operator answers 404';
    expect(await acked(operator, next.snapshot.digest)).toMatchObject({ result: 'rejected', reason });
    expect(feed.state()).toMatchObject({ valid: false, faults: [reason] });
    expect(inForce.map(({ snapshot }) => snapshot.digest)).toEqual([first.snapshot.digest]);
    operator.registry.publish(POD, next.snapshot, next.blobs);
    await until('it is obeyed', () => operator.registry.acked(POD)?.result === 'applied');
    expect(inForce.at(-1)).toEqual({ snapshot: next.snapshot, blobs: next.blobs });
    expect(feed.state()).toMatchObject({ valid: true, faults: [] });
  } finally {
    feed.close();
  }
});

test('what has another digest than was asked for is not taken', async () => {
  await using operator = await TestOperator.start();
  const { snapshot, blobs } = compiled({}, { 'logo.png': PNG });
  const [digest] = blobs.keys();
  operator.registry.publish(POD, snapshot, new Map([[digest!, Buffer.from('0123456789')]]));
  await using sidecar = await follow(operator, ['--startup-timeout', '100ms']);
  await until('it was sent', () => operator.blobsSent.length > 0);
  expect((await local(sidecar, '/config/logo.png')).status).toBe(404);
  publish(operator, { snapshot, blobs });
  await acked(operator, snapshot.digest);
  expect((await local(sidecar, '/config/logo.png')).status).toBe(200);
});

test('a sidecar that does not know values by digest obeys the rest', () => {
  const { snapshot } = compiled({ ttl: '60' }, { 'logo.png': PNG });
  const { digest, configBlobs, ...older } = snapshot;
  expect(snapshot.requires).toEqual([]);
  expect(Object.keys(configBlobs!)).toEqual(['logo.png']);
  expect(older.config).toEqual({ ttl: { value: '60' } });
  expect(digestOf({ ...older, configBlobs })).toBe(digest);
});
