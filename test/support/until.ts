import { setTimeout as pause } from 'node:timers/promises';

/** How often a state that tells nobody of its changes is looked at (ms). */
const LOOK_MS = 5;

/** Waits until `look` gives something true, at most `patienceMs`; the error tells `what` was waited for. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  patienceMs = 10_000,
): Promise<Exclude<T, false | null | undefined>> {
  for (const endMs = performance.now() + patienceMs; ;) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await pause(LOOK_MS);
  }
}
