import { sumOf } from '../admin-client.ts';
import { calm } from '../calm.ts';
import { failuresIn, tally } from '../load.ts';
import { showMs } from '../statistics.ts';
import { until } from '../until.ts';
import type { World } from '../world.ts';

const typo = 'resetTimeuot';

/** Somebody makes a typing error: it is refused and named, the last good settings stay, and the repair is noticed. */
export async function brokenSettings(world: World): Promise<void> {
  const { load, admin, settings, promise } = world;
  const good = settings.read('policy.yaml');
  const before = (await admin.snapshot()).version;
  const sinceMs = performance.now();
  const brokenMs = settings.write('policy.yaml', good.replace('resetTimeout:', `${typo}:`));
  const faults = await until('the typing error is noticed', async () => {
    const found = (await admin.snapshot()).settings;
    return found?.valid === false && found.faults;
  });
  const noticedMs = performance.now() - brokenMs;
  const named = faults.find(
    (fault) => /spec\.inbound\.routes\[\d+\]/.test(fault) && fault.includes(`circuitBreaker.${typo}`),
  );
  promise('/snapshot names the error and its place', named !== undefined, shorten(named ?? faults.join('; ')));

  await calm(world, 60);
  const during = await admin.snapshot();
  const told = sumOf(await admin.metrics(), 'fusebox_settings_valid') === 0;
  promise(
    'the last good settings stay in force, and a metric tells',
    during.version === before && told,
    `refused after ${showMs(noticedMs)}, version unchanged`,
  );

  const repairedMs = settings.write('policy.yaml', good);
  await until('the repair is noticed', async () => (await admin.snapshot()).settings?.valid === true);
  const tookMs = performance.now() - repairedMs;
  await calm(world);
  const counts = tally(load.sentSince(sinceMs));
  const failures = failuresIn(counts);
  promise('the repair is taken over by itself', (await admin.snapshot()).version === before, `after ${showMs(tookMs)}`);
  promise('traffic does not notice', failures.count === 0, `${counts['200'] ?? 0} served, ${failures.text}`);
}

/** Where it is wrong, without the file's path in front. */
const shorten = (fault: string): string => /routes\S*[^\s:]/.exec(fault)?.[0] ?? fault;
