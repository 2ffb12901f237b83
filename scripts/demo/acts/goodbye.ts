import { sumOf } from '../admin-client.ts';
import { calm } from '../calm.ts';
import { failuresIn, tally } from '../load.ts';
import { until } from '../until.ts';
import { ROUTE, type World } from '../world.ts';

/** Longer than the drain delay of the sidecar (2 s): when it stops to accept, many requests are still in flight. */
const delayMs = 3000;
const perSecond = 40;
const inFlight = 40;
/** For so long the clients go on after readiness has ended, as those do that have not heard of it yet (ms). */
const unawareMs = 300;

/** The sidecar is told to go: it says so, serves all the same, finishes what it has begun, and ends. */
export async function goodbye(world: World): Promise<void> {
  const { load, admin, witness, watcher, sidecar, settings, misbehave, promise } = world;
  await calm(world);
  await countsAgree(world);

  settings.set('policy.yaml', 'maxConcurrent', '500');
  await until('there is room for slow requests', async () => {
    return (await admin.settingsOf(ROUTE)).concurrency?.maxConcurrent === 500;
  });
  await misbehave({ delayMs });
  const sinceMs = performance.now();
  load.run(perSecond);
  const held = await until('many are in flight', () => witness.inFlight >= inFlight && witness.inFlight);

  watcher.stop();
  const toldMs = performance.now();
  const ended = sidecar.stop();
  await until('the sidecar is not ready any more', async () => !(await admin.isReady()));
  const unreadyMs = performance.now();
  await until('the last clients have heard of it', () => performance.now() > unreadyMs + unawareMs);
  load.pause();
  await until('nothing is under way', () => load.pending === 0, { timeoutMs: 30_000 });
  const status = await ended;

  const samples = load.sentSince(sinceMs);
  const counts = tally(samples);
  const failures = failuresIn(counts);
  promise(
    'requests in flight end well',
    failures.count === 0,
    `${held} in flight at SIGTERM; ${counts['200'] ?? 0} served, ${failures.text}`,
  );
  const late = samples.filter(({ sentMs }) => sentMs > toldMs);
  promise(
    'while it drains it still serves, and asks clients to leave',
    late.length > 0 && late.every(({ outcome, closes }) => outcome === '200' && closes),
    `${late.length} sent after SIGTERM, all with Connection: close`,
  );
  promise('then it ends', status === 0, `exit status ${status}`);
}

/** At a moment of rest, what the sidecar has counted must be what its clients have. */
async function countsAgree({ load, admin, promise }: World): Promise<void> {
  load.pause();
  await until('nothing is under way', () => load.pending === 0);
  const counted = tally(load.samples);
  const metrics = await until('the sidecar has counted the last request', async () => {
    const text = await admin.metrics();
    return sumOf(text, 'fusebox_in_flight', `route="${ROUTE}"`) === 0 && text;
  });
  const all = sumOf(metrics, 'fusebox_requests_total', `route="${ROUTE}"`);
  const reasons = Object.keys(counted).filter((outcome) => !/^\d+$/.test(outcome));
  const wrong = reasons.filter((reason) => {
    return sumOf(metrics, 'fusebox_refused_total', `route="${ROUTE}"`, `reason="${reason}"`) !== counted[reason];
  });
  promise(
    'its metrics count what its clients count',
    all === load.samples.length && wrong.length === 0,
    `${all} of ${load.samples.length}, and each of ${reasons.length} reasons${wrong.length > 0 ? ` but ${wrong.join()}` : ''}`,
  );
}
