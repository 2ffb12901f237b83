/** Settings change while requests run: from a file, from a mounted ConfigMap, and when what was written is wrong. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLoad } from './support/load.ts';
import { field, statusOf } from './support/message.ts';
import { ask, get, post } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { newFolder, replaceFile, settingsText, type Settings } from './support/settings.ts';
import { runSidecar, startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let service: ScriptedService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface SnapshotView {
  version: string;
  origin: string;
  settings: { valid: boolean; faults: string[]; rejectedTotal: number };
  snapshot: { digest: string; inbound: { defaults: { timeoutMs: number }; routes: { name: string }[] } };
}
const snapshotOf = (sidecar: SidecarProcess): Promise<SnapshotView> => sidecar.json('/snapshot');
const refuseAll: Settings = { inbound: { unmatched: 'Refuse' } };
const statusNow = async ({ inbound }: SidecarProcess): Promise<number> => statusOf(await ask(inbound, get('/')));

test('200 edits under load: no request fails, and the last edit is in force', async () => {
  const edit = (count: number): Settings => ({
    flags: { on: true, other: count % 2 === 0 },
    inbound: {
      defaults: { timeout: `${5000 + count}ms` },
      routes: [
        {
          name: 'load',
          match: { path: '/load' },
          flag: 'on',
          rateLimit: { requestsPerSecond: 100_000 + count },
          concurrency: { maxConcurrent: 50 + (count % 7), queue: { size: 50 } },
          circuitBreaker: { slidingWindow: { type: count % 3 === 0 ? 'Count' : 'Time', size: 10 + (count % 5) } },
        },
        // Comes and goes, with requests in flight.
        ...(count % 2 === 0 ? [{ name: 'posts', match: { path: '/load', methods: ['POST'] } }] : []),
      ],
    },
  });
  await using sidecar = await startSidecar({ upstream: service.port, settings: edit(0) });
  let turn = 0;
  const load = startLoad({
    port: sidecar.inbound,
    clients: 16,
    request: () => (++turn % 2 === 0 ? get('/load') : post('/load', 'body')),
    isRight: ({ start }) => start === 'HTTP/1.1 200 OK',
  });
  for (let count = 1; count <= 200; count++) {
    // Every other edit comes before the one before it can have been read.
    if (count % 2 === 0) await sidecar.write(settingsText(edit(count)));
    else await sidecar.apply(edit(count));
  }
  await until('the last edit', async () => (await snapshotOf(sidecar)).snapshot.inbound.defaults.timeoutMs === 5200);
  const answered = load.answered;
  await until('load after the last edit', () => load.answered > answered + 100);
  const { lost, answers } = await load.stop();
  expect(lost).toEqual([]);
  expect([...answers.keys()]).toEqual([200]);
  const { version, settings, snapshot } = await snapshotOf(sidecar);
  expect(settings).toMatchObject({ valid: true, rejectedTotal: 0 });
  expect(version).toBe(snapshot.digest);
  expect(await sidecar.metric('fusebox_snapshot_info', { digest: version })).toBe(1);
  expect(await sidecar.metric('fusebox_snapshot_info')).toBe(1);
  expect(sidecar.lines.filter(({ message }) => message === 'settings applied').length).toBeGreaterThan(100);
});

test('an open circuit stays open through an edit, and obeys its new wait', async () => {
  const breaking = (resetTimeout: string): Settings => ({
    inbound: {
      defaults: { circuitBreaker: { failureThreshold: 1, resetTimeout, resetJitter: 0, halfOpenAllowedRequests: 1 } },
    },
  });
  await using sidecar = await startSidecar({ upstream: service.port, settings: breaking('10m') });
  service.on('/breaks', async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer('500 Internal Server Error', ''));
  });
  await ask(sidecar.inbound, get('/breaks'));
  await sidecar.apply(breaking('5m'));
  const refused = await ask(sidecar.inbound, get('/fine'));
  expect(field(refused, 'fusebox-reason')).toBe('circuit-open');
  expect(Number(field(refused, 'retry-after'))).toBeGreaterThan(250);
  await sidecar.apply(breaking('1ms'));
  expect(statusOf(await ask(sidecar.inbound, get('/fine')))).toBe(200);
});

describe('a file that is wrong', () => {
  test('changes nothing, is told in the log, on /snapshot and in a metric; repaired it holds by itself', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: refuseAll });
    const good = (await snapshotOf(sidecar)).version;
    const from = sidecar.lines.length;
    await sidecar.write(settingsText({ inbound: { unmatched: 'Allow', defaults: { timeout: '5x' } } }));
    const line = await sidecar.line(({ level }) => level === 'error', from);
    expect(JSON.stringify(line['faults'])).toContain('spec.inbound.defaults.timeout');
    expect(await statusNow(sidecar)).toBe(404);
    const view = await snapshotOf(sidecar);
    expect(view).toMatchObject({ version: good, origin: 'file', settings: { valid: false, rejectedTotal: 1 } });
    expect(view.settings.faults.join('\n')).toContain('5x');
    expect(await sidecar.metric('fusebox_settings_valid')).toBe(0);
    expect(await sidecar.metric('fusebox_settings_rejected_total')).toBe(1);
    expect((await sidecar.ask('/readyz')).status).toBe(200);

    await sidecar.apply({ inbound: { unmatched: 'Allow' } });
    expect(await statusNow(sidecar)).toBe(200);
    expect(await snapshotOf(sidecar)).toMatchObject({ settings: { valid: true, faults: [] } });
    expect(await sidecar.metric('fusebox_settings_valid')).toBe(1);
    expect(sidecar.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('repaired to what it was is valid again', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: refuseAll });
    await sidecar.write('{');
    await sidecar.metricIs('fusebox_settings_valid', {}, 0);
    await sidecar.write(settingsText(refuseAll));
    await sidecar.metricIs('fusebox_settings_valid', {}, 1);
    expect(await statusNow(sidecar)).toBe(404);
  });

  test('or that is gone leaves the last good settings in force', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: refuseAll });
    await rm(sidecar.settingsPath);
    await sidecar.metricIs('fusebox_settings_valid', {}, 0);
    expect(await statusNow(sidecar)).toBe(404);
    await sidecar.apply({});
    expect(await statusNow(sidecar)).toBe(200);
  });

  test('written in place, piece by piece, is taken over when it is whole', async () => {
    await using sidecar = await startSidecar({ upstream: service.port, settings: refuseAll });
    const text = settingsText({ inbound: { unmatched: 'Allow' } });
    const from = sidecar.lines.length;
    await writeFile(sidecar.settingsPath, '');
    for (let at = 0; at < text.length; at += 100) {
      await writeFile(sidecar.settingsPath, text.slice(at, at + 100), { flag: 'a' });
    }
    await sidecar.logged('settings applied', from);
    expect(await statusNow(sidecar)).toBe(200);
  });
});

/** A ConfigMap volume as the kubelet keeps it: the files lead through `..data`, which is swapped in one step. */
class ConfigMapVolume {
  private version = 0;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async write(files: Record<string, string>): Promise<void> {
    const before = `..v${this.version}`;
    const now = `..v${++this.version}`;
    await mkdir(join(this.path, now), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.path, now, name), text);
    await symlink(now, join(this.path, '..data_tmp'));
    await rename(join(this.path, '..data_tmp'), join(this.path, '..data'));
    for (const name of Object.keys(files)) {
      await symlink(join('..data', name), join(this.path, name)).catch(() => {});
    }
    await rm(join(this.path, before), { recursive: true, force: true });
  }
}

describe('a mounted ConfigMap', () => {
  test('is followed through the swap of its folder, twenty times', async () => {
    const folder = await newFolder();
    const volume = new ConfigMapVolume(folder.path);
    await volume.write({ 'settings.yaml': settingsText(refuseAll), 'notes.txt': 'not for us' });
    await using sidecar = await startSidecar({ upstream: service.port, flags: [`--config=${folder.path}`] });
    expect(await statusNow(sidecar)).toBe(404);
    for (let count = 1; count <= 20; count++) {
      const unmatched = count % 2 === 0 ? 'Refuse' : 'Allow';
      await volume.write({ 'settings.yaml': settingsText({ inbound: { unmatched } }), 'notes.txt': String(count) });
      await until(`edit ${count}`, async () => (await statusNow(sidecar)) === (count % 2 === 0 ? 404 : 200));
    }
    expect((await snapshotOf(sidecar)).settings).toMatchObject({ valid: true, rejectedTotal: 0 });
    await folder.remove();
  });

  test('file by its own path is followed too', async () => {
    const folder = await newFolder();
    const volume = new ConfigMapVolume(folder.path);
    await volume.write({ 'settings.yaml': settingsText(refuseAll) });
    await using sidecar = await startSidecar({
      upstream: service.port,
      flags: [`--config=${join(folder.path, 'settings.yaml')}`],
    });
    expect(await statusNow(sidecar)).toBe(404);
    await volume.write({ 'settings.yaml': settingsText({}) });
    await until('the edit', async () => (await statusNow(sidecar)) === 200);
    await folder.remove();
  });
});

test('the form of a ConfigMap object is taken as it would be applied to a cluster', async () => {
  const folder = await newFolder();
  const path = join(folder.path, 'users.yaml');
  await replaceFile(
    path,
    [
      'apiVersion: v1',
      'kind: ConfigMap',
      'metadata: {name: users-config, labels: {fusebox.dev/config: "true"}}',
      'data:',
      '  policy.yaml: |',
      '    inbound: {routes: [{name: new, match: {path: /new}, flag: enable_new}]}',
      '  flags.yaml: |',
      '    flags: {enable_new: false}',
    ].join('\n'),
  );
  await using sidecar = await startSidecar({ upstream: service.port, flags: [`--config=${path}`] });
  expect(field(await ask(sidecar.inbound, get('/new')), 'fusebox-reason')).toBe('flag-off');
  await folder.remove();
});

describe('--check', () => {
  test('prints what a file compiles to, and listens nowhere', async () => {
    const folder = await newFolder();
    const path = join(folder.path, 'settings.yaml');
    await replaceFile(path, settingsText({ inbound: { defaults: { timeout: '3s' } } }));
    const { status, output } = await runSidecar(['--check', `--config=${path}`]);
    expect(status).toBe(0);
    expect(output).toContain('"timeoutMs": 3000');
    await folder.remove();
  });

  test('names every fault, with its path, and fails', async () => {
    const folder = await newFolder();
    const path = join(folder.path, 'settings.yaml');
    await replaceFile(path, settingsText({ inbound: { defaults: { timeout: '5x', timeuot: '1s' } } }));
    const { status, output } = await runSidecar(['--check', `--config=${path}`]);
    expect(status).toBe(1);
    expect(output).toContain('spec.inbound.defaults.timeout');
    expect(output).toContain('timeuot');
    await folder.remove();
  });
});
