import { expect, test } from 'vitest';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { type Turn, WorkQueue } from './work-queue.ts';

const backoff = { baseMs: 100, maxMs: 1_000 };

function setup(turn: Turn, places = 1): { time: FakeTime; queue: WorkQueue<'main' | 'other'>; failures: unknown[] } {
  const time = new FakeTime();
  const failures: unknown[] = [];
  const queue = new WorkQueue<'main' | 'other'>({
    lanes: { main: { places, turn }, other: { places: 1, turn } },
    clock: time,
    timers: time,
    random: () => 1 - Number.EPSILON,
    backoff,
    watcher: { ended: () => {}, failed: (_lane, _key, _error, failuresInRow) => failures.push(failuresInRow) },
  });
  return { time, queue, failures };
}

const noting =
  (seen: string[]): Turn =>
  async (key) => {
    seen.push(key);
    return null;
  };

/** Turns that end when the test says so. */
function heldTurns(): { turn: Turn; running: string[]; end: (key: string) => Promise<void>; seen: string[] } {
  const running: string[] = [];
  const seen: string[] = [];
  const ends = new Map<string, () => void>();
  const turn: Turn = async (key) => {
    running.push(key);
    seen.push(key);
    await new Promise<void>((resolve) => ends.set(key, resolve));
    running.splice(running.indexOf(key), 1);
    return null;
  };
  const end = async (key: string): Promise<void> => {
    ends.get(key)!();
    await settle();
  };
  return { turn, running, end, seen };
}

test('nothing has a turn before the start', async () => {
  const seen: string[] = [];
  const { queue } = setup(noting(seen));
  queue.add('main', 'a');
  await settle();
  expect(seen).toEqual([]);
  queue.start();
  await settle();
  expect(seen).toEqual(['a']);
});

test('a key that was added three times has one turn', async () => {
  const seen: string[] = [];
  const { queue } = setup(noting(seen));
  for (const key of ['a', 'a', 'b', 'a']) queue.add('main', key);
  queue.start();
  await settle();
  expect(seen).toEqual(['a', 'b']);
});

test('a key added during its turn has another one after it, never beside it', async () => {
  const { turn, running, end, seen } = heldTurns();
  const { queue } = setup(turn, 4);
  queue.start();
  queue.add('main', 'a');
  await settle();
  queue.add('main', 'a');
  queue.add('main', 'a');
  await settle();
  expect(running).toEqual(['a']);
  await end('a');
  expect(seen).toEqual(['a', 'a']);
  await end('a');
  expect(running).toEqual([]);
  expect(queue.depth('main')).toBe(0);
});

test('a lane that is full holds up no other', async () => {
  const { turn, running, end } = heldTurns();
  const { queue } = setup(turn, 2);
  queue.start();
  for (const key of ['a', 'b', 'c']) queue.add('main', key);
  await settle();
  expect(running).toEqual(['a', 'b']);
  expect(queue.depth('main')).toBe(3);
  queue.add('other', 'd');
  await settle();
  expect(running).toEqual(['a', 'b', 'd']);
  await end('b');
  expect(running).toEqual(['a', 'd', 'c']);
});

test('a turn that fails comes again after waits that double up to the ceiling; success forgets them', async () => {
  const atMs: number[] = [];
  let fails = true;
  const { time, queue, failures } = setup(async () => {
    atMs.push(Math.round(time.nowMs()));
    if (fails) throw new Error('no');
    return null;
  });
  queue.start();
  queue.add('main', 'a');
  await time.pass(3_600);
  expect(atMs).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
  expect(failures).toEqual([1, 2, 3, 4, 5, 6, 7]);
  fails = false;
  await time.pass(1_000);
  fails = true;
  queue.add('main', 'a');
  await settle();
  expect(failures.at(-1)).toBe(1);
});

test('an add does not wait for the backoff', async () => {
  let turns = 0;
  const { time, queue } = setup(async () => {
    turns += 1;
    throw new Error('no');
  });
  queue.start();
  queue.add('main', 'a');
  await time.pass(10);
  queue.add('main', 'a');
  await settle();
  expect(turns).toBe(2);
  expect(time.pending).toBe(1);
});

test('a turn may ask to look again; of several delayed adds the soonest counts', async () => {
  const atMs: number[] = [];
  const { time, queue } = setup(async () => {
    atMs.push(time.nowMs());
    return atMs.length === 1 ? 500 : null;
  });
  queue.start();
  queue.addAfter('main', 'a', 50);
  queue.addAfter('main', 'a', 20);
  queue.addAfter('main', 'a', 90);
  await time.pass(1_000);
  expect(atMs).toEqual([20, 520]);
  expect(time.pending).toBe(0);
});

test('after 10 ms of turns there is a break, for others to have theirs', async () => {
  const seen: string[] = [];
  const { time, queue } = setup(async (key) => {
    seen.push(key);
    time.advance(4);
    return null;
  });
  queue.start();
  for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add('main', key);
  await settle();
  expect(seen).toEqual(['a', 'b', 'c']);
  await time.pass(0);
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('after the end nothing has a turn', async () => {
  const seen: string[] = [];
  const { time, queue } = setup(noting(seen));
  queue.start();
  queue.addAfter('main', 'a', 10);
  queue.stop();
  queue.add('main', 'b');
  await time.pass(100);
  expect(seen).toEqual([]);
});
