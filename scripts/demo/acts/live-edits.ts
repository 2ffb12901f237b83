import { setTimeout as sleep } from 'node:timers/promises';
import type { RouteSettings } from '@fusebox/api/snapshot.ts';
import { sumOf } from '../admin-client.ts';
import { calm } from '../calm.ts';
import { failuresIn, tally, type Sample } from '../load.ts';
import type { SettingsName } from '../settings-folder.ts';
import { median, showMs } from '../statistics.ts';
import { until } from '../until.ts';
import { ROUTE, type World } from '../world.ts';

/** One edit, and how it is seen that the new value is in force. */
interface Edit {
  file: SettingsName;
  key: string;
  value: string;
  inForce: () => Promise<boolean>;
}

interface Measured {
  /** From the completed write to the first sight of the new setting (ms). */
  tookMs: number;
  circuitKept: boolean;
}

const rounds = 4;
/** Between two edits, so that the load meets each of them (ms). */
const pauseMs = 100;

/** Settings are edited under load: flags, limits, modes. In force at once, at nobody's cost, with nothing forgotten. */
export async function liveEdits(world: World): Promise<void> {
  const { load, admin, promise } = world;
  await calm(world);
  const sinceMs = performance.now();
  const unexpected: Sample[] = [];
  const edits = await editsOf(world, unexpected);
  const measured: Measured[] = [];
  const byKind: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const edit of edits) {
      const result = await measure(world, edit);
      measured.push(result);
      (byKind[edit.file] ??= []).push(result.tookMs);
      await sleep(pauseMs);
    }
  }
  await calm(world);

  const times = measured.map(({ tookMs }) => tookMs);
  const count = (file: SettingsName): number => byKind[file]?.length ?? 0;
  promise(
    `${times.length} edits are in force at once, and each is seen to be`,
    median(times) < 500,
    `${showMs(median(times))} (median), ${showMs(Math.max(...times))} (longest)`,
  );
  promise(
    'a switched flag is in force at once',
    median(byKind['flags.yaml'] ?? []) < 500,
    `${showMs(median(byKind['flags.yaml'] ?? []))} (median of ${count('flags.yaml')}) to the first other answer`,
  );
  const counts = tally([...load.sentSince(sinceMs), ...unexpected]);
  const failures = failuresIn(counts);
  promise(
    'no request fails because of an edit',
    failures.count === 0,
    `${counts['200'] ?? 0} served, ${failures.text}`,
  );
  const kept = measured.filter(({ circuitKept }) => circuitKept).length;
  const { state, era, window } = await admin.circuit(ROUTE);
  promise(
    'the circuit forgets nothing',
    kept === measured.length,
    `${kept} of ${measured.length}: ${state}, era ${era}, ${window.calls} calls in its window`,
  );
}

async function measure({ admin, settings }: World, { file, key, value, inForce }: Edit): Promise<Measured> {
  const before = await admin.circuit(ROUTE);
  const writtenMs = settings.set(file, key, value);
  await until(`${key}: ${value} is in force`, inForce, { everyMs: 0 });
  const tookMs = performance.now() - writtenMs;
  const after = await admin.circuit(ROUTE);
  // A window that had been emptied would be found with next to nothing in it.
  const remembers = after.window.calls >= before.window.calls / 2;
  return { tookMs, circuitKept: after.state === before.state && after.era === before.era && remembers };
}

/** There and back again: what is edited stands at the end as it was in the beginning. */
async function editsOf({ admin, load }: World, unexpected: Sample[]): Promise<Edit[]> {
  const { concurrency, circuitBreaker } = await admin.settingsOf(ROUTE);
  const { maxConcurrent, queueSize } = concurrency!;
  const { resetTimeoutMs } = circuitBreaker;
  const policy = (key: string, value: string | number, inForce: Edit['inForce']): Edit => {
    return { file: 'policy.yaml', key, value: String(value), inForce };
  };
  const shown = (look: (route: RouteSettings) => boolean) => async () => look(await admin.settingsOf(ROUTE));
  const answers = (before: string, after: string) => async () => {
    const sample = await load.probe('/api/profiles?limit=1');
    const { outcome } = sample;
    if (outcome !== before && outcome !== after) unexpected.push(sample);
    return outcome === after;
  };
  const flag = (value: boolean, inForce: Edit['inForce']): Edit => {
    return { file: 'flags.yaml', key: 'enable_profiles', value: String(value), inForce };
  };
  const limit = (count: number): Edit =>
    policy('maxConcurrent', count, async () => {
      return sumOf(await admin.metrics(), 'fusebox_concurrency_limit', `route="${ROUTE}"`) === count;
    });
  const queue = (count: number): Edit =>
    policy(
      'size',
      count,
      shown((route) => route.concurrency?.queueSize === count),
    );
  const reset = (ms: number): Edit => {
    return policy(
      'resetTimeout',
      `${ms}ms`,
      shown((route) => route.circuitBreaker.resetTimeoutMs === ms),
    );
  };
  return [
    flag(false, answers('200', 'flag-off')),
    limit(maxConcurrent * 2),
    flag(true, answers('flag-off', '200')),
    reset(resetTimeoutMs * 2),
    policy('mode', 'Enforce', answers('200', 'rate-limit')),
    queue(queueSize * 2),
    policy('mode', 'Shadow', answers('rate-limit', '200')),
    limit(maxConcurrent),
    queue(queueSize),
    reset(resetTimeoutMs),
  ];
}
