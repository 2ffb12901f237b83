/** What this bus does otherwise than JetStream; what both do is in `test/sample-events-bus.test.ts`. */
import { expect, test } from 'vitest';
import { createLog, silentLog } from '../log.ts';
import type { Message, Verdict } from './bus.ts';
import { InProcessBus } from './in-process-bus.ts';

const rules = { maxDeliver: 2, backoff: { firstMs: 1, maxMs: 1 }, random: () => 0 };
const mail = { durable: 'mail', subject: 'user.created', concurrency: 1 };
const message = (id: string): Message => ({
  id,
  subject: 'user.created',
  payload: {},
  requestId: 'request-1',
  traceparent: null,
});

test('what nobody consumes is not taken', async () => {
  const bus = new InProcessBus({ log: silentLog, rules, onDeath() {} });
  await expect(bus.publish(message('a'))).rejects.toMatchObject({ code: 'broker', retryable: true });
});

test('it does not take more than it can hold', async () => {
  const bus = new InProcessBus({ log: silentLog, rules, onDeath() {} });
  const { promise: held, resolve: release } = Promise.withResolvers<Verdict>();
  const subscription = bus.consume(mail, () => held);
  for (let n = 0; n < 1_000; n += 1) await bus.publish(message(String(n)));
  await expect(bus.publish(message('one too many'))).rejects.toMatchObject({ code: 'broker', retryable: true });
  release('done');
  await bus.drain(10_000);
  await bus.publish(message('again'));
  await subscription.stop();
});

test('a graceful end waits for what was taken', async () => {
  const bus = new InProcessBus({ log: silentLog, rules, onDeath() {} });
  const { promise: held, resolve: release } = Promise.withResolvers<Verdict>();
  const handled: string[] = [];
  bus.consume(mail, async ({ id, attempt }) => {
    const verdict = await held;
    if (id === 'b' && attempt === 1) throw new Error('not now');
    handled.push(id);
    return verdict;
  });
  await bus.publish(message('a'));
  await bus.publish(message('b'));
  const drained = bus.drain(10_000);
  release('done');
  await drained;
  expect(handled).toEqual(['a', 'b']);
});

test('but no longer than it may, and says what is lost', async () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => 'info',
    () => 0,
  );
  const bus = new InProcessBus({ log, rules, onDeath() {} });
  bus.consume(mail, () => new Promise<Verdict>(() => {}));
  await bus.publish(message('a'));
  await bus.drain(1);
  await bus.close();
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', message: 'events are lost with the process', count: 1 },
  ]);
});
