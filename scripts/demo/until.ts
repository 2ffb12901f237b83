import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait at most, and between two looks (ms). The bound is generous: a slow machine must not break a promise. */
interface Patience {
  timeoutMs?: number;
  everyMs?: number;
}

/** Looks until `look` finds something, and hands that over. @throws Error that names `what`, when the time is up. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  { timeoutMs = 20_000, everyMs = 20 }: Patience = {},
): Promise<T> {
  for (const deadlineMs = performance.now() + timeoutMs; ; await sleep(everyMs)) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}`);
  }
}
