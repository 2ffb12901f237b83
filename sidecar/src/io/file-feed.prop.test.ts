import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { watchSettings } from './file-feed.ts';

/** A folder in which `a.yaml` is now a file and now a link into a version of a mounted volume. */
class Disk {
  readonly path: string;
  readonly #root: string;
  #versions = 0;

  constructor(root: string) {
    this.#root = root;
    this.path = join(root, 'a.yaml');
  }

  async inPlace(text: string): Promise<void> {
    await writeFile(this.path, text);
  }

  async renamed(text: string): Promise<void> {
    const aside = join(this.#root, '.aside');
    await writeFile(aside, text);
    await rename(aside, this.path);
  }

  async removedBefore(text: string): Promise<void> {
    await rm(this.path, { force: true });
    await writeFile(this.path, text);
  }

  async swapped(text: string): Promise<void> {
    const version = `..${(this.#versions += 1)}`;
    const aside = join(this.#root, '.link');
    await mkdir(join(this.#root, version));
    await writeFile(join(this.#root, version, 'a.yaml'), text);
    await symlink(version, aside);
    await rename(aside, join(this.#root, '..data'));
    await symlink('..data/a.yaml', aside);
    await rename(aside, this.path);
  }
}

const ways = ['inPlace', 'renamed', 'removedBefore', 'swapped'] as const;
/** A round ends when its last text has been delivered; in a round of several the earlier ones may go unseen. */
const rounds = fc.array(fc.array(fc.constantFrom(...ways), { minLength: 1, maxLength: 3 }), {
  minLength: 2,
  maxLength: 6,
});

test('however a file is changed, its last content is delivered, and only what really stood there', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.boolean(), async (plan, wholeFolder) => {
      const root = await mkdtemp(join(tmpdir(), 'feed-prop-'));
      const disk = new Disk(root);
      const written = new Set<string>();
      const seen = { last: '', wake: (): void => {} };
      const feed = watchSettings({
        path: wholeFolder ? root : disk.path,
        pollMs: 3_600_000,
        onChange: ([file]) => {
          seen.last = file?.text ?? '';
          expect(written).toContain(seen.last);
          seen.wake();
        },
        onError: () => {},
      });
      let count = 0;
      for (const round of plan) {
        for (const way of round) {
          const text = `text ${(count += 1)}`;
          written.add(text);
          await disk[way](text);
        }
        while (seen.last !== `text ${count}`) await new Promise<void>((resolve) => (seen.wake = resolve));
      }
      feed.close();
      await rm(root, { recursive: true });
    }),
    { numRuns: 25 },
  );
});
