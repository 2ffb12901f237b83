import { calm } from '../calm.ts';
import { failuresIn, tally } from '../load.ts';
import { median, showMs } from '../statistics.ts';
import { until } from '../until.ts';
import type { World } from '../world.ts';

/** Payments while the circuit is open (count). */
const refusals = 20;
/** So slow that others come while it is on trial. */
const trialMs = 800;
const atOnce = 5;

/** What the service calls fails: the breaker in the service opens, users do not notice, and one trial finds out that it is over. */
export async function payments(world: World): Promise<void> {
  const { payments: service, load, promise } = world;
  const [first, again] = [await service.pay('demo-payment'), await service.pay('demo-payment')];
  promise(
    'a payment that is tried twice is one payment',
    first.outcome === 'paid' && again.id === first.id && first.id !== null,
    `${first.status} and ${again.status}, both ${String(again.id).slice(0, 8)}…`,
  );

  const sinceMs = performance.now();
  await service.misbehave({ mode: 'failing' });
  let failures = 0;
  await until("the service's breaker opens", async () => {
    const { outcome } = await service.pay();
    if (outcome === 'payment-failed') failures++;
    return outcome === 'circuit-open';
  });
  const before = await service.calls();
  const refused = [];
  for (let at = 0; at < refusals; at++) refused.push(await service.pay());
  const asked = (await service.calls()) - before;
  const told = refused.filter(({ outcome, status, retryAfter }) => {
    return outcome === 'circuit-open' && status === 503 && /^[1-9]\d*$/.test(retryAfter ?? '');
  });
  promise(
    'the breaker in the service refuses payments at once',
    told.length === refusals && asked === 0,
    `after ${failures} failures: 503 circuit-open in ${showMs(median(refused.map(({ tookMs }) => tookMs)))} (median), ${asked} sent on`,
  );

  await service.misbehave({ mode: 'slow', delay_ms: trialMs });
  const trial = await until('a trial was let through', async () => {
    const from = await service.calls();
    const tries = await Promise.all(Array.from({ length: atOnce }, () => service.pay()));
    const paid = tries.filter(({ outcome }) => outcome === 'paid').length;
    return paid > 0 && { paid, sent: (await service.calls()) - from };
  });
  promise(
    'one trial finds out that it is well again',
    trial.paid === 1 && trial.sent === 1,
    `${trial.sent} of ${atOnce} at once was sent on, and paid`,
  );
  await service.misbehave({});
  const closed = await service.pay();
  await calm(world);
  const counts = tally(load.sentSince(sinceMs));
  const lost = failuresIn(counts);
  promise(
    'users are served all the while',
    lost.count === 0 && closed.outcome === 'paid',
    `${counts['200'] ?? 0} served, ${lost.text}`,
  );
}
