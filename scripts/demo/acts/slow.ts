import { calm } from '../calm.ts';
import { failuresIn, tally } from '../load.ts';
import { until } from '../until.ts';
import { ROUTE, type World } from '../world.ts';

const delayMs = 800;
/** So many of each kind must be seen before the act is over. */
const enough = 30;
const actMs = 4000;

/** The service becomes slow: the limit holds, some wait, and who cannot be served in time is told so. */
export async function slow(world: World): Promise<void> {
  const { load, witness, watcher, admin, misbehave, promise } = world;
  const limits = (await admin.settingsOf(ROUTE)).concurrency!;
  const before = await admin.circuit(ROUTE);
  witness.forget();
  watcher.forget();
  const sinceMs = performance.now();
  await misbehave({ delayMs });
  await until('the queue overflows and its patience ends', () => {
    const counts = tally(load.sentSince(sinceMs));
    const seen = (reason: string): boolean => (counts[reason] ?? 0) >= enough;
    return seen('queue-timeout') && seen('concurrency-limit') && performance.now() - sinceMs > actMs;
  });
  await misbehave({});
  await calm(world);

  const { maxInFlight, maxQueued } = watcher;
  const most = Math.max(maxInFlight, witness.maxInFlight);
  promise(
    `never more than maxConcurrent (${limits.maxConcurrent}) in flight`,
    most <= limits.maxConcurrent && most > 0,
    `${maxInFlight} by its gauge, ${witness.maxInFlight} at the service`,
  );
  const bounded = maxQueued > 0 && maxQueued <= limits.queueSize;
  promise(`others wait, at most queue.size (${limits.queueSize})`, bounded, `${maxQueued} at once`);
  const {
    200: served = 0,
    'queue-timeout': waited = 0,
    'concurrency-limit': overflowed = 0,
    ...others
  } = tally(load.sentSince(sinceMs));
  promise(
    'who waited too long, or found the queue full, is refused',
    waited > 0 && overflowed > 0,
    `${waited} queue-timeout, ${overflowed} concurrency-limit`,
  );
  const failures = failuresIn(others);
  promise('all others are served', failures.count === 0 && served > 0, `${served} served, ${failures.text}`);
  const after = await admin.circuit(ROUTE);
  const still = after.state === 'Closed' && after.era === before.era;
  promise('what the sidecar itself refuses does not open the circuit', still, `${after.state}, era ${after.era}`);
}
