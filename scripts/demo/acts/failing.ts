import type { Sample } from '../load.ts';
import { median, showMs } from '../statistics.ts';
import { until } from '../until.ts';
import { RATE, ROUTE, type World } from '../world.ts';

/** A service that dies is slow to say so. */
const delayMs = 250;
const enough = 60;

const duration = ({ sentMs, endedMs }: Sample): number => endedMs - sentMs;

/** The service fails: the circuit opens within a known number of calls, and refuses at once. */
export async function failing(world: World): Promise<void> {
  const { load, admin, witness, misbehave, promise } = world;
  const normalMs = median(load.samples.slice(-20).map(duration));
  const { concurrency, circuitBreaker } = await admin.settingsOf(ROUTE);
  // At a moment of rest: a success among the failures would begin the row anew.
  load.pause();
  await until('nothing is under way', () => load.pending === 0);
  await misbehave({ delayMs, failRatio: 1, status: 500 });
  const sinceMs = performance.now();
  load.run(RATE);
  await until('the circuit opens', async () => (await admin.circuit(ROUTE)).state === 'Open');
  const openMs = performance.now();
  const refused = await until(`${enough} requests are refused`, () => {
    const samples = load.sentSince(openMs).filter(({ outcome }) => outcome === 'circuit-open');
    return samples.length >= enough && samples;
  });

  await until('nothing is in flight', () => witness.inFlight === 0);
  const failed = load.sentSince(sinceMs).filter(({ outcome, sentMs }) => outcome === '500' && sentMs <= openMs);
  const { failureThreshold } = circuitBreaker;
  // Those that were in flight when the last failure came are on their way already.
  const atMost = failureThreshold + (concurrency?.maxConcurrent ?? Infinity) - 1;
  promise(
    `opens at ${failureThreshold} failures in a row, whatever else is in flight`,
    failed.length >= failureThreshold && failed.length <= atMost,
    `${failed.length} failures got through, at most ${atMost} may`,
  );
  const slowMs = median(failed.map(duration));
  const fastMs = median(refused.map(duration));
  promise(
    'an open circuit answers at once',
    fastMs < slowMs / 2,
    `${showMs(fastMs)}; failing ${showMs(slowMs)}, healthy ${showMs(normalMs)} (medians)`,
  );
  const told = refused.filter(({ retryAfter, problem, status }) => {
    return status === 503 && problem && /^[1-9]\d*$/.test(retryAfter ?? '');
  });
  const waits = refused.map(({ retryAfter }) => Number(retryAfter));
  promise(
    'a refusal says what it is, and when to come back',
    told.length === refused.length,
    `503 problem+json, Retry-After: ${Math.min(...waits)}–${Math.max(...waits)} s`,
  );
}
