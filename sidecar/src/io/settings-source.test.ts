import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { beforeEach, expect, test } from 'vitest';
import type { FileFeedOptions } from './file-feed.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import type { LogFields } from '@fusebox/runtime/log.ts';
import { startSettingsSource } from './settings-source.ts';
import type { SettingsSourceOptions } from './settings-source.ts';

let lines: LogFields[];
let snapshots: Snapshot[];
let rejections: string[][];
let nowMs: number;

beforeEach(() => {
  [lines, snapshots, rejections, nowMs] = [[], [], [], 1_000];
});

/** A source whose files are put there by the test. */
function start(more: Partial<SettingsSourceOptions> = {}) {
  let disk: FileFeedOptions | null = null;
  const source = startSettingsSource({
    path: 'a.yaml',
    who: { namespace: null, workloads: [], labels: null },
    log: newLogger({
      level: 'info',
      write: (line) => void lines.push(JSON.parse(line) as LogFields),
      wallMs: () => nowMs,
    }),
    wallMs: () => nowMs,
    onSnapshot: ({ snapshot }) => snapshots.push(snapshot),
    onRejected: (faults) => rejections.push(faults),
    watch: (options) => {
      disk = options;
      return { close: () => {} };
    },
    ...more,
  });
  const feed = disk as FileFeedOptions | null;
  if (feed === null) throw new Error('nothing is watched');
  return { source, feed, put: (text: string): void => feed.onChange([{ name: 'a.yaml', text }]) };
}

const policy = (timeout: string): string => `
apiVersion: fusebox.dev/v1alpha1
kind: ResiliencePolicy
metadata: {name: users}
spec: {inbound: {defaults: {timeout: ${timeout}}}}
`;

const messages = (): unknown[] => lines.map((line) => line['message']);

test('settings are compiled and handed over, once per digest', () => {
  const { source, put } = start();
  expect(source.state()).toEqual({
    valid: true,
    faults: [],
    rejectedTotal: 0,
    lastAppliedWallMs: null,
    lastReadWallMs: null,
  });
  put(policy('2s'));
  nowMs = 2_000;
  put(policy('2000ms'));
  expect(snapshots.map((snapshot) => snapshot.inbound.defaults.timeoutMs)).toEqual([2_000]);
  expect(source.state()).toMatchObject({ valid: true, lastAppliedWallMs: 1_000, lastReadWallMs: 2_000 });
  put(policy('3s'));
  expect(snapshots.map((snapshot) => snapshot.inbound.defaults.timeoutMs)).toEqual([2_000, 3_000]);
  expect(messages()).toEqual(['settings applied', 'settings applied']);
});

test('a fault keeps what is in force, is told in one line, and is forgotten when the settings are right again', () => {
  const { source, put } = start();
  put(policy('2s'));
  put(policy('soon') + '---' + policy('2s').replace('users', 'others').replace('inbound', 'inbond'));
  expect(snapshots).toHaveLength(1);
  expect(source.state()).toMatchObject({ valid: false, rejectedTotal: 1 });
  expect(rejections).toEqual([source.state().faults]);
  expect(source.state().faults.join('\n')).toMatch(/a\.yaml:.*timeout.*"soon"(.|\n)*inbond/);
  expect(messages()).toEqual(['settings applied', 'settings rejected; what was in force stays']);
  put(policy('2s'));
  expect(snapshots).toHaveLength(1);
  expect(source.state()).toMatchObject({ valid: true, faults: [], rejectedTotal: 1 });
  expect(messages().at(-1)).toBe('settings valid again, and the same as before');
});

test('what cannot be read is a rejection too', () => {
  const { source, feed } = start();
  feed.onError('a.yaml: is empty');
  expect(source.state()).toMatchObject({ valid: false, faults: ['a.yaml: is empty'], rejectedTotal: 1 });
});

test('a warning is told once, until it has gone and come back', () => {
  const gated = (flag: string): string =>
    policy('2s').replace('inbound: {', `inbound: {routes: [{name: a, ${flag}}], `);
  const { put } = start();
  const warnings = (): number => lines.filter((line) => line['level'] === 'warn').length;
  put(gated('flag: nowhere'));
  expect(warnings()).toBe(1);
  put(gated('flag: nowhere, timeout: 1s'));
  expect(warnings()).toBe(1);
  put(gated('timeout: 1s'));
  put(gated('flag: nowhere'));
  expect(warnings()).toBe(2);
});

test('a snapshot that cannot be applied is a rejection, and is tried again when it comes back', () => {
  let broken = true;
  const { source, put } = start({
    onSnapshot: ({ snapshot }) => {
      if (broken) throw new Error('no room');
      snapshots.push(snapshot);
    },
  });
  put(policy('2s'));
  expect(source.state()).toMatchObject({ valid: false, faults: ['a.yaml: could not be applied: no room'] });
  broken = false;
  put(policy('2s'));
  expect(snapshots).toHaveLength(1);
  expect(source.state().valid).toBe(true);
});

test('what must be waited for is; what has come meanwhile is newer, and nothing older follows it', async () => {
  const waits: (() => void)[] = [];
  const prepare = (snapshot: Snapshot): Promise<void> | null =>
    snapshot.flags['slow'] === undefined ? null : new Promise<void>((resolve) => waits.push(resolve));
  const { put, source } = start({ prepare });
  const flagSet = (flags: string): string =>
    `apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: a}\nspec: {flags: ${flags}}\n`;
  const seen = (): string[] => snapshots.map(({ flags }) => Object.keys(flags).join());
  put(flagSet('{slow: true}'));
  expect(seen()).toEqual([]);
  put(flagSet('{quick: true}'));
  waits[0]!();
  await Promise.resolve();
  expect(seen()).toEqual(['quick']);
  put(flagSet('{slow: true, more: true}'));
  waits[1]!();
  await Promise.resolve();
  expect(seen()).toEqual(['quick', 'more,slow']);
  put(flagSet('{slow: true, lost: true}'));
  put('nonsense: [');
  waits[2]!();
  await Promise.resolve();
  expect(seen()).toEqual(['quick', 'more,slow']);
  expect(source.state().valid).toBe(false);
});
