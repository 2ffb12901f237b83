/**
 * Every edit has a number, and writes it where the snapshot shows it: so a snapshot tells which edit of each source it carries, and
 * nobody has to ask the operator what it thinks that it published.
 */
import type { Snapshot } from '@fusebox/api/snapshot.ts';

/** Numbers of edits have six digits, and nothing else that tests write has. */
export const FIRST_MARK = 100_000;

export type SourceName =
  | 'ResiliencePolicy base'
  | 'ResiliencePolicy users'
  | 'ResiliencePolicy orders'
  | 'ResiliencePolicy users-rival'
  | 'FeatureFlagSet flags'
  | 'SidecarProfile profile'
  | 'ConfigMap config';

/** By source, the number of the edit that is in force. */
export type Marks = Partial<Record<SourceName, number>>;

/** The settings that carry a number: a `spec`, or the `data` of a ConfigMap. */
export function markedSettings(source: SourceName, mark: number, aim: object): Record<string, unknown> {
  const [kind, name] = source.split(' ') as [string, string];
  const route = { name: `mark-${name}`, match: { path: `/mark-${name}` }, timeout: `${mark}ms` };
  if (kind === 'FeatureFlagSet') return { ...aim, flags: { [`mark-flags-${mark}`]: true } };
  if (kind === 'SidecarProfile') return { ...aim, defaults: { inbound: { idleTimeout: `${mark}ms` } } };
  if (kind === 'ConfigMap') return { 'policy.yaml': JSON.stringify({ inbound: { routes: [route] } }) };
  return { ...aim, inbound: { routes: [route] } };
}

/** Settings that the API server takes and the operator refuses; without a number. null: there are none of this kind. */
export function badSettings(source: SourceName, aim: object): Record<string, unknown> | null {
  if (source === 'ConfigMap config') return { 'policy.yaml': 'inbound: [' };
  if (!source.startsWith('ResiliencePolicy')) return null;
  return { ...aim, inbound: { routes: [{ name: 'bad', match: { path: '/users/:id/:id' } }] } };
}

/** The number in an object's settings; null: they are bad. */
export function markIn({ spec, data }: { spec?: unknown; data?: unknown }): number | null {
  const found = /(?<!\d)1\d{5}(?!\d)/.exec(JSON.stringify(spec ?? data ?? null));
  return found === null ? null : Number(found[0]);
}

/** What a snapshot shows. */
export function marksOf({ inbound, flags }: Snapshot): Marks {
  const marks: Marks = {};
  for (const { name, timeoutMs } of inbound.routes) {
    if (!name.startsWith('mark-')) continue;
    const short = name.slice('mark-'.length);
    marks[short === 'config' ? 'ConfigMap config' : (`ResiliencePolicy ${short}` as SourceName)] = timeoutMs!;
  }
  for (const key of Object.keys(flags)) {
    const [, mark] = /^mark-flags-(\d+)$/.exec(key) ?? [];
    if (mark !== undefined) marks['FeatureFlagSet flags'] = Number(mark);
  }
  const { idleTimeoutMs } = inbound.defaults;
  if (idleTimeoutMs !== null && idleTimeoutMs >= FIRST_MARK) marks['SidecarProfile profile'] = idleTimeoutMs;
  return marks;
}
