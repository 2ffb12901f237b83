import { expect, test } from 'vitest';
import { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/resource.ts';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { Events } from './events.ts';
import type { News } from './news.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'users-1', uid: 'uid-1' };
const opened: News = {
  about,
  type: 'Warning',
  reason: 'CircuitOpened',
  action: 'Open',
  note: 'the circuit of user opened',
};

function begin(): { time: FakeTime; written: KubeObject[]; events: Events; fail: { next: boolean } } {
  const time = new FakeTime();
  const written: KubeObject[] = [];
  const fail = { next: false };
  const client = {
    apply: async (_: unknown, object: KubeObject): Promise<KubeObject> => {
      if (fail.next) {
        fail.next = false;
        throw new KubeError('NotFound', 'the namespace is gone');
      }
      written.push(object);
      return object;
    },
  };
  const events = new Events({ client, replica: 'operator-1', clock: time, timers: time, log: quiet });
  return { time, written, events, fail };
}

test('news become an Event beside their object', async () => {
  const { written, events } = begin();
  events.tell(opened);
  await settle();
  expect(written).toEqual([
    {
      metadata: { namespace: 'shop', name: expect.stringMatching(/^users-1\.[0-9a-f]{16}$/) },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'fusebox.dev/operator',
      reportingInstance: 'operator-1',
      type: 'Warning',
      reason: 'CircuitOpened',
      action: 'Open',
      note: 'the circuit of user opened',
      regarding: about,
    },
  ]);
});

test('the same again is the same Event, counted', async () => {
  const { time, written, events } = begin();
  for (let count = 0; count < 3; count += 1) {
    events.tell(opened);
    await settle();
    await time.pass(1_000);
  }
  expect(new Set(written.map(({ metadata }) => metadata.name)).size).toBe(1);
  expect(written.map(({ series }) => series)).toEqual([
    undefined,
    { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' },
    { count: 3, lastObservedTime: '2026-01-01T00:00:02.000000Z' },
  ]);
  await time.pass(600_000);
  events.tell(opened);
  await settle();
  expect(written[3]!.metadata.name).not.toBe(written[0]!.metadata.name);
});

test('news that come together are one Event, which tells how many they were', async () => {
  const { written, events } = begin();
  for (let pod = 1; pod <= 12; pod += 1) events.tell({ ...opened, note: `opened in pod ${pod}` });
  await settle();
  expect(written.map(({ note }) => note)).toEqual(['opened in pod 12 (the last of 12)']);
});

test('too many wait, and are told when the object may have one more', async () => {
  const { time, written, events } = begin();
  for (let count = 1; count <= 15; count += 1) {
    events.tell({ ...opened, note: `${count}` });
    await settle();
  }
  expect(written).toHaveLength(10);
  await time.pass(30_000);
  expect(written.slice(10).map(({ note }) => note)).toEqual(['15 (the last of 5)']);
  expect(time.pending).toBe(0);
});

test('an Event that cannot be written is given up, and the next one is written', async () => {
  const { written, events, fail } = begin();
  fail.next = true;
  events.tell(opened);
  await settle();
  events.tell(opened);
  await settle();
  expect(written).toHaveLength(1);
  expect(written[0]).not.toHaveProperty('series');
});

test('a note has at most 1024 bytes, whole characters', async () => {
  const { written, events } = begin();
  events.tell({ ...opened, note: 'ü'.repeat(1_000) });
  await settle();
  const note = written[0]!['note'] as string;
  expect(note).toMatch(/^ü+…$/);
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
  expect(Buffer.byteLength(note)).toBeGreaterThan(1_020);
});
