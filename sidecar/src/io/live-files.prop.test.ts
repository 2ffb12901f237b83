import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replaceSet, setName } from './replace-set.ts';

/** Some of these keys, with values that are long enough to be cut in the middle of a write. */
const sets = fc.array(fc.subarray(['a', 'b', 'c.json', 'd', '.e'], { minLength: 1 }), { minLength: 2, maxLength: 12 });
const valueAt = (turn: number): string => `${turn} `.repeat(5_000);

/** All that `..data` leads to at one moment; null: it was replaced while we read. */
async function readAll(folder: string): Promise<Map<string, string> | null> {
  try {
    const set = join(folder, await readlink(join(folder, '..data')));
    const found = new Map<string, string>();
    for (const key of await readdir(set)) found.set(key, await readFile(join(set, key), 'utf8'));
    return (await readlink(join(folder, '..data'))) === set.slice(folder.length + 1) ? found : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

test('whoever follows ..data reads one set, whole, and never an older one after a newer one', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(sets, async (turns) => {
      const folder = await mkdtemp(join(tmpdir(), 'live-set-'));
      try {
        const state = { writing: true };
        let newest = -1;
        const reader = (async () => {
          while (state.writing) {
            const found = await readAll(folder);
            if (found === null) continue;
            const [first = ''] = found.values();
            const turn = Number.parseInt(first, 10);
            expect([...found.keys()].toSorted()).toEqual(turns[turn]!.toSorted());
            expect(new Set(found.values())).toEqual(new Set([valueAt(turn)]));
            expect(turn).toBeGreaterThanOrEqual(newest);
            if (turn > newest) seen += 1;
            newest = turn;
          }
        })();
        for (const [turn, keys] of turns.entries()) {
          await replaceSet(folder, new Map(keys.map((key) => [key, valueAt(turn)])), setName(turn * 1_000, 0.1));
          // What stands at the top is exactly what stands in the set.
          const top = (await readdir(folder)).filter((name) => !name.startsWith('..'));
          expect(top.toSorted()).toEqual(keys.toSorted());
        }
        state.writing = false;
        await reader;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 30 },
  );
  expect(seen).toBeGreaterThan(30);
});
