import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Acked } from '../publish/publisher.ts';
import { ackedOf } from '../testing/acked.ts';
import { FakeTime } from '../testing/fake-time.ts';
import { frameLine, readFrame, rowFrame } from './frames.ts';
import { LocalRows } from './local-rows.ts';
import { type Feed, RemoteRows } from './remote-rows.ts';

/** A replica that knows what the test tells it, and brings all of it to the leader by the frames of the relay. */
class Teller {
  readonly known = new Map<string, { acked: Acked | null; connected: boolean }>();
  readonly rows: LocalRows;
  feed: Feed | null = null;
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
    this.rows = new LocalRows(
      {
        acked: (pod) => this.known.get(pod)?.acked ?? null,
        isConnected: (pod) => this.known.get(pod)?.connected ?? false,
      },
      time,
    );
  }

  tell(pod: string): void {
    this.rows.update(pod);
    this.feed?.take(readFrame(frameLine(rowFrame(pod, this.rows.get(pod), this.#time.nowMs())))!);
  }
}

const pods = ['p', 'q', 'r'];
const step = fc.record({
  what: fc.constantFrom('report', 'report', 'stream', 'withdraw', 'connect', 'hangUp', 'drop', 'pass'),
  replica: fc.nat(1),
  pod: fc.nat(2),
});

test('the leader knows what every connected replica knows, and is told of every change', () => {
  let checks = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const time = new FakeTime();
      const changed = new Set<string>();
      const rows = new RemoteRows(time, { changed: (pod) => changed.add(pod), whole: () => {} });
      const tellers = [new Teller(time), new Teller(time)];
      const seen = (pod: string): unknown[] => rows.rowsOf(pod).map(({ acked, connected }) => ({ acked, connected }));
      let wallMs = 0;
      for (const { what, replica, pod: index } of steps) {
        const teller = tellers[replica]!;
        const name = `replica-${replica}`;
        const pod = pods[index]!;
        const known = teller.known.get(pod) ?? { acked: null, connected: false };
        const before = new Map(pods.map((each) => [each, seen(each)]));
        changed.clear();
        if (what === 'pass') time.advance(700);
        if (what === 'report') teller.known.set(pod, { ...known, acked: ackedOf(pod, { atWallMs: (wallMs += 1) }) });
        if (what === 'stream') teller.known.set(pod, { ...known, connected: !known.connected });
        if (what === 'withdraw') teller.known.delete(pod);
        if (what === 'report' || what === 'stream' || what === 'withdraw') teller.tell(pod);
        if (what === 'connect') {
          const feed = rows.open(name);
          teller.feed = feed;
          for (const each of teller.rows.podUids()) feed.take(rowFrame(each, teller.rows.get(each), time.nowMs()));
          // Until it is whole, the table before holds: nothing is missing in between.
          expect(changed.size).toBe(0);
          feed.take({ is: 'whole' });
        }
        if (what === 'hangUp') {
          teller.feed?.end();
          teller.feed = null;
        }
        if (what === 'drop') rows.drop(name);
        for (const each of pods) {
          // What is the same report is the same object: only then is nobody told twice of one.
          const after = seen(each);
          if (JSON.stringify(after) !== JSON.stringify(before.get(each))) expect(changed).toContain(each);
        }
        if (teller.feed !== null) {
          for (const each of pods) {
            const row = teller.known.get(each);
            const heard = seen(each);
            if (row !== undefined && (row.acked !== null || row.connected)) expect(heard).toContainEqual(row);
            checks += 1;
          }
        }
      }
      for (const pod of pods) {
        const live = tellers.filter(({ feed }) => feed !== null).map(({ known }) => known.get(pod));
        const connected = live.some((row) => row?.connected === true);
        expect(rows.rowsOf(pod).some((row) => row.connected)).toBe(connected);
      }
    }),
    { numRuns: 300 },
  );
  expect(checks).toBeGreaterThan(250);
});

test('a report that is told again over a new connection is the same report', () => {
  const time = new FakeTime();
  const changes: string[] = [];
  const rows = new RemoteRows(time, { changed: (pod) => changes.push(pod), whole: () => {} });
  const row = { acked: ackedOf('p'), reportedMs: 0, number: 1, connected: true };
  const say = (): void => {
    const feed = rows.open('a');
    feed.take(readFrame(frameLine(rowFrame('p', row, time.nowMs())))!);
    feed.take({ is: 'whole' });
  };
  say();
  const [first] = rows.rowsOf('p');
  time.advance(10_000);
  say();
  expect(rows.rowsOf('p')[0]!.acked).toBe(first!.acked);
  expect(changes).toEqual(['p']);
});
