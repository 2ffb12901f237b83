/** Fifth pass: flags by key, and gates that no flag answers. */
import type { FlagsSpec } from '../flag-set.ts';
import type { RouteSettings } from '../snapshot.ts';

/** All flags, lowest rank first in `sets`: the highest that names a flag decides it. */
export function mergeFlags(sets: readonly FlagsSpec[]): Record<string, boolean> {
  const merged = new Map(sets.flatMap(({ flags = {} }) => Object.entries(flags)));
  return Object.fromEntries([...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A warning for each gate whose flag nobody defines: it reads false, so the route is shut. */
export function gateWarnings(routes: readonly RouteSettings[], flags: Readonly<Record<string, boolean>>): string[] {
  return routes
    .filter(({ flag }) => flag !== null && !Object.hasOwn(flags, flag))
    .map(
      ({ name, flag }) => `the route ${name} is gated by the unknown flag ${flag}, which reads false: it answers 404`,
    );
}
