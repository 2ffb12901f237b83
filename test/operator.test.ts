/** The operator's publishing half and a real sidecar: what is published is enforced, whatever happens in between. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@fusebox/api/digest.ts';
import { newMemoryKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { newToken, snapshotOf, TestOperator } from './support/operator.ts';
import { ask, get } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { newFolder } from './support/settings.ts';
import { runSidecar, startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let service: ScriptedService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface View {
  version: string;
  origin: string;
  settings: { valid: boolean; faults: string[]; rejectedTotal: number };
}

const POD = '5b0a3c7e-pod';
const timeouts = (timeoutMs: number) => snapshotOf({ defaults: { timeout: `${timeoutMs}ms` } });
const view = (sidecar: SidecarProcess): Promise<View> => sidecar.json<View>('/snapshot');

/** A sidecar of the pod `POD` that follows this operator. */
async function follow(operator: TestOperator, { token = newToken(POD), flags = [] as string[] } = {}) {
  const tokenPath = await operator.writeToken(token);
  return startSidecar({
    upstream: service.port,
    flags: ['--operator', operator.url, '--token', tokenPath, '--ca', operator.caPath, ...flags],
  });
}

/** Waits until the pod has answered for the snapshot with this digest. */
const acked = (operator: TestOperator, digest: string) =>
  until(`${digest} is acknowledged`, () => {
    const last = operator.registry.acked(POD);
    return last?.digest === digest ? last : null;
  });

test('what is published is enforced at once, and acknowledged', async () => {
  await using operator = await TestOperator.start();
  const first = snapshotOf({ unmatched: 'Refuse' });
  operator.registry.publish(POD, first);
  await using sidecar = await follow(operator);
  // Nobody was served before the settings came.
  expect(field(await ask(sidecar.inbound, get('/')), 'fusebox-reason')).toBe('no-route');
  expect(await view(sidecar)).toMatchObject({ version: first.digest, origin: 'operator', settings: { valid: true } });
  expect((await sidecar.ask('/readyz')).status).toBe(200);
  expect(await sidecar.metric('fusebox_operator_connected')).toBe(1);
  expect(await acked(operator, first.digest)).toMatchObject({
    pod: { namespace: 'shop', name: POD, uid: POD },
    result: 'applied',
    reason: null,
    version: '0.1.0',
    circuits: [{ route: '_defaults', state: 'Closed', era: expect.any(Number), reason: null }],
  });
  expect(operator.registry.connected()).toBe(1);

  const times: number[] = [];
  for (let count = 1; count <= 40; count += 1) {
    const isOpen = count % 2 === 1;
    const next = snapshotOf({ unmatched: isOpen ? 'Allow' : 'Refuse', defaults: { timeout: `${count}s` } });
    const startMs = performance.now();
    operator.registry.publish(POD, next);
    await until('it is enforced', async () => statusOf(await ask(sidecar.inbound, get('/'))) === (isOpen ? 200 : 404));
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  process.stderr.write(`publish → enforced: p50 ${times[20]!.toFixed(1)} ms, most ${times.at(-1)!.toFixed(1)} ms\n`);
});

test('of many snapshots the newest holds in the end, and is acknowledged', async () => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, timeouts(1));
  await using sidecar = await follow(operator);
  for (let count = 2; count <= 300; count += 1) operator.registry.publish(POD, timeouts(count));
  const last = timeouts(300);
  await acked(operator, last.digest);
  expect((await view(sidecar)).version).toBe(last.digest);
});

test('a snapshot that cannot be obeyed is refused with the reason, and the last good one stays', async () => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, timeouts(1000));
  await using sidecar = await follow(operator);
  const strange = { ...timeouts(2000), requires: ['time travel'] };
  operator.registry.publish(POD, strange);
  expect(await acked(operator, strange.digest)).toMatchObject({
    result: 'rejected',
    reason: 'requires: "time travel" is not known here',
  });
  expect(await view(sidecar)).toMatchObject({
    version: timeouts(1000).digest,
    settings: { valid: false, faults: ['requires: "time travel" is not known here'], rejectedTotal: 1 },
  });
  expect(await sidecar.metric('fusebox_settings_valid')).toBe(0);
  operator.registry.publish(POD, timeouts(3000));
  expect(await acked(operator, timeouts(3000).digest)).toMatchObject({ result: 'applied' });
  expect((await view(sidecar)).settings.valid).toBe(true);
});

test('a circuit that opens is reported', async () => {
  await using operator = await TestOperator.start();
  const circuitBreaker = { failureThreshold: 1, resetTimeout: '10m' };
  operator.registry.publish(POD, snapshotOf({ defaults: { circuitBreaker } }));
  await using sidecar = await follow(operator);
  service.on('/fails', async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer('500 Internal Server Error', ''));
  });
  await ask(sidecar.inbound, get('/fails'));
  const open = { route: '_defaults', state: 'Open', era: expect.any(Number), reason: 'consecutive-failures' };
  await until('it is reported', () => operator.registry.acked(POD)?.circuits[0]?.state === 'Open');
  expect(operator.registry.acked(POD)?.circuits).toEqual([open]);
});

test('a sidecar that was wedged takes the newest when it goes on', async () => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, timeouts(1));
  await using sidecar = await follow(operator);
  await acked(operator, timeouts(1).digest);
  sidecar.signal('SIGSTOP');
  for (let count = 2; count <= 200; count += 1) operator.registry.publish(POD, timeouts(count));
  expect(operator.registry.acked(POD)?.digest).toBe(timeouts(1).digest);
  sidecar.signal('SIGCONT');
  await acked(operator, timeouts(200).digest);
  expect((await view(sidecar)).version).toBe(timeouts(200).digest);
});

test('while the operator is away nothing changes; it comes back on the same address, and is trusted', async () => {
  const keeper = newMemoryKeeper();
  await using operator = await TestOperator.start({ keeper });
  const refuse = snapshotOf({ unmatched: 'Refuse' });
  operator.registry.publish(POD, refuse);
  await using sidecar = await follow(operator);
  await operator.stop();
  await sidecar.metricIs('fusebox_operator_connected', {}, 0);
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
  const from = sidecar.lines.length;
  await using again = await TestOperator.start({ keeper, port: operator.port });
  again.registry.publish(POD, timeouts(7));
  await sidecar.logged('connected to the operator', from);
  await acked(again, timeouts(7).digest);
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(200);
});

test('a replica that is behind what the sidecar has seen sends it nothing', async () => {
  const keeper = newMemoryKeeper();
  await using operator = await TestOperator.start({ keeper });
  operator.revision = 'configmaps=10,pods=10';
  operator.registry.publish(POD, timeouts(10));
  await using sidecar = await follow(operator);
  await acked(operator, timeouts(10).digest);
  await operator.stop();
  await using behind = await TestOperator.start({ keeper, port: operator.port });
  behind.revision = 'configmaps=9,pods=12';
  behind.registry.publish(POD, timeouts(9));
  await sidecar.line(({ error }) => JSON.stringify(error ?? '').includes('has not seen yet what you have seen'));
  expect(behind.registry.connected()).toBe(0);
  behind.revision = 'configmaps=11,pods=12';
  behind.registry.publish(POD, timeouts(11));
  await acked(behind, timeouts(11).digest);
  expect(
    sidecar.lines.filter(({ message, digest }) => message === 'settings applied' && digest === timeouts(9).digest),
  ).toEqual([]);
});

test('a cluster that was restored is obeyed', async () => {
  const keeper = newMemoryKeeper();
  await using operator = await TestOperator.start({ keeper });
  operator.revision = 'configmaps=1000,pods=1000';
  operator.registry.publish(POD, timeouts(1));
  await using _sidecar = await follow(operator);
  await acked(operator, timeouts(1).digest);
  await operator.stop();
  await using restored = await TestOperator.start({ keeper, port: operator.port });
  restored.revision = 'configmaps=10,pods=12';
  restored.registry.publish(POD, timeouts(2));
  await acked(restored, timeouts(2).digest);
});

test('a stream ends with its token, and goes on with the next one', async () => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, timeouts(1));
  await using sidecar = await follow(operator, { token: newToken(POD, { lifetimeMs: 2_500 }) });
  await acked(operator, timeouts(1).digest);
  await sidecar.line(({ error }) => JSON.stringify(error ?? '').includes('the token has expired'));
  expect(operator.registry.connected()).toBe(0);
  const from = sidecar.lines.length;
  await operator.writeToken(newToken(POD));
  await sidecar.logged('connected to the operator', from);
  operator.registry.publish(POD, timeouts(2));
  await acked(operator, timeouts(2).digest);
});

test('a token that is replaced early is taken up while the old one is good', async () => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, timeouts(1));
  await using sidecar = await follow(operator);
  await acked(operator, timeouts(1).digest);
  const from = sidecar.lines.length;
  await operator.writeToken(newToken(POD));
  await sidecar.logged('the token has changed; connecting again with the new one', from);
  await sidecar.logged('connected to the operator', from);
  expect(operator.reviews).toBe(2);
}, 20_000);

test.each([
  ['of another audience', newToken(POD, { audience: 'https://kubernetes.default.svc' }), 'not for the audience'],
  ['that is bound to no pod', newToken(null), 'is bound to no pod'],
  ['that is none', 'hunter2', 'not a ServiceAccount token'],
])('a token %s gets nothing', async (_, token, why) => {
  await using operator = await TestOperator.start();
  operator.registry.publish(POD, snapshotOf({ unmatched: 'Refuse' }));
  await using sidecar = await follow(operator, { token, flags: ['--startup-timeout', '100ms'] });
  await sidecar.line(({ error }) => JSON.stringify(error ?? '').includes(why));
  expect(await view(sidecar)).toMatchObject({ origin: 'built-in' });
  expect(operator.registry.acked(POD)).toBeNull();
});

test('an operator that the sidecar does not trust is not obeyed; once its authority is there, it is', async () => {
  await using operator = await TestOperator.start();
  await using stranger = await TestOperator.start();
  operator.registry.publish(POD, snapshotOf({ unmatched: 'Refuse' }));
  const right = await readFile(operator.caPath, 'utf8');
  await writeFile(operator.caPath, stranger.certificates.current.bundle);
  await using sidecar = await follow(operator, { flags: ['--startup-timeout', '100ms'] });
  await sidecar.line(({ message }) => message.startsWith('not connected'));
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(200);
  await writeFile(operator.caPath, right);
  await until('it is obeyed', async () => statusOf(await ask(sidecar.inbound, get('/'))) === 404);
});

test('the last good settings hold after a restart without the operator', async () => {
  const folder = await newFolder();
  await using operator = await TestOperator.start();
  // From a newer operator: with something that this version does not know, and of which its digest speaks.
  const { digest: _, ...content } = { ...snapshotOf({ unmatched: 'Refuse' }), outbound: [] };
  const newer = { ...content, digest: digestOf(content) };
  operator.registry.publish(POD, newer);
  const flags = ['--data-dir', join(folder.path, 'data')];
  {
    await using sidecar = await follow(operator, { flags });
    sidecar.signal('SIGINT');
    await sidecar.exited;
  }
  await operator.stop();
  await using sidecar = await follow(operator, { flags: [...flags, '--startup-timeout', '100ms'] });
  expect(await view(sidecar)).toMatchObject({ origin: 'disk', version: newer.digest });
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
  await folder.remove();
});

test('an operator and a file together are refused before anything listens', async () => {
  const { status, output } = await runSidecar(['--operator', 'https://o', '--token', 't', '--config', 'c']);
  expect([status, output]).toEqual([64, '--operator: settings come from it or from --config, not from both\n']);
});
