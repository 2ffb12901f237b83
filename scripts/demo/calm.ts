import { until } from './until.ts';
import type { World } from './world.ts';

/** Waits until the newest `count` answers were all 200, of requests sent from now on. */
export async function calm({ load }: World, count = 40): Promise<void> {
  const sinceMs = performance.now();
  await until(`${count} requests in a row are served`, () => {
    const newest = load.sentSince(sinceMs).slice(-count);
    return newest.length === count && newest.every(({ outcome }) => outcome === '200');
  });
}
