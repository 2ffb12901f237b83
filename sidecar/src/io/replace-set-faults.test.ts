/** The disk fails at each step in turn: once, or from then on, as for a process that is killed there. */
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import type * as Disk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { replaceSet, setName } from './replace-set.ts';

const disk = vi.hoisted(() => ({ steps: 0, failsAt: Infinity, forGood: false }));

function step(): void {
  disk.steps += 1;
  if (disk.steps === disk.failsAt || (disk.forGood && disk.steps > disk.failsAt)) {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  }
}

// The real disk, of which any call that changes something may fail before it does.
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof Disk>();
  const failing = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      step();
      return call(...args);
    };
  };
  return {
    ...real,
    mkdir: failing(real.mkdir as (path: string) => Promise<void>),
    chmod: failing(real.chmod),
    symlink: failing(real.symlink),
    rename: failing(real.rename),
    unlink: failing(real.unlink),
    rm: failing(real.rm),
    open: failing(async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args);
      const write = file.writeFile.bind(file);
      file.writeFile = failing(write as (data: string) => Promise<void>) as typeof file.writeFile;
      return file;
    }),
  };
});

const OLD = new Map([
  ['a', 'old'],
  ['gone', 'old'],
]);
const NEW = new Map([
  ['a', 'new'],
  ['b', 'new'],
]);

const content = async (folder: string, names: readonly string[]): Promise<Map<string, string>> =>
  new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)));

/** One edit, whose step `failsAt` fails, and what came of it; null: it has fewer steps. */
async function editFailingAt(failsAt: number, forGood: boolean): Promise<'old' | 'new' | null> {
  const folder = await mkdtemp(join(tmpdir(), 'live-faults-'));
  try {
    await replaceSet(folder, OLD, setName(1_000, 0));
    Object.assign(disk, { steps: 0, failsAt, forGood });
    const failed = await replaceSet(folder, NEW, setName(2_000, 0)).then(
      () => false,
      () => true,
    );
    const { steps } = disk;
    Object.assign(disk, { failsAt: Infinity, forGood: false });
    if (!failed && steps < failsAt) return null;
    const set = join(folder, await readlink(join(folder, '..data')));
    const found = await content(set, (await readdir(set)).toSorted());
    const version = found.get('a') as 'old' | 'new';
    expect(found).toEqual(version === 'old' ? OLD : NEW);
    // Another process, with another name for its set, makes an end of it.
    expect(await replaceSet(folder, NEW, setName(3_000, 0))).toEqual([]);
    expect((await readdir(folder)).toSorted()).toEqual([await readlink(join(folder, '..data')), '..data', 'a', 'b']);
    expect(await content(folder, ['a', 'b'])).toEqual(NEW);
    return version;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.each([
  ['fails once', false],
  ['fails from then on', true],
])(
  'wherever it %s, a reader has the old set or the new one, whole, and the next try completes it',
  async (_, forGood) => {
    const outcomes: ('old' | 'new')[] = [];
    for (let failsAt = 1; ; failsAt += 1) {
      const outcome = await editFailingAt(failsAt, forGood);
      if (outcome === null) break;
      outcomes.push(outcome);
    }
    // Until the one step that swaps the set, the old one; after it the new one.
    const swap = outcomes.indexOf('new');
    expect(swap).toBeGreaterThan(5);
    expect(outcomes.length).toBeGreaterThan(swap + 2);
    expect(new Set(outcomes.slice(swap))).toEqual(new Set(['new']));
  },
);
