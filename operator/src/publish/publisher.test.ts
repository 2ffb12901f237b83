import { compile } from '@fusebox/api/compile/compile.ts';
import type { Report } from '@fusebox/api/report.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { beforeEach, expect, test } from 'vitest';
import { PodRegistry, type PodStream } from './publisher.ts';

const snapshotOf = (timeout: string): Snapshot =>
  compile([resiliencePolicy({ inbound: { defaults: { timeout } } })], { namespace: null, workloads: [], labels: null })
    .snapshot;
const [one, other] = [snapshotOf('1s'), snapshotOf('2s')];
const pod = { namespace: 'shop', name: 'users-0', uid: 'u' };

class FakeStream implements PodStream {
  readonly offered: Snapshot[] = [];
  ended: string | null = null;
  offer(snapshot: Snapshot): void {
    this.offered.push(snapshot);
  }
  end(reason: string): void {
    this.ended = reason;
  }
}

let changes: string[];
let registry: PodRegistry;
beforeEach(() => {
  changes = [];
  registry = new PodRegistry({ changed: (podUid) => changes.push(podUid) });
});

const blank = { format: 1, revision: '', result: 'applied', reason: null, tookMs: 1, atWallMs: 2 } as const;
const report = (digest: string): Report => ({ ...blank, digest, version: '1', circuits: [] });

test('what is published goes to the stream that is open, and to each that opens later', () => {
  const stream = new FakeStream();
  registry.opened('u', stream, true);
  expect(stream.offered).toEqual([]);
  registry.publish('u', one);
  registry.publish('u', other);
  expect(stream.offered).toEqual([one, other]);
  const later = new FakeStream();
  registry.opened('u', later, true);
  expect(later.offered).toEqual([other]);
});

test('the newest stream of a pod replaces the one before it, whose end then means nothing', () => {
  const [old, young] = [new FakeStream(), new FakeStream()];
  registry.opened('u', old, true);
  registry.opened('u', young, true);
  expect([old.ended, young.ended, registry.connected()]).toEqual(['replaced', null, 1]);
  registry.closed('u', old);
  expect(registry.isConnected('u')).toBe(true);
  registry.closed('u', young);
  expect([registry.isConnected('u'), registry.connected()]).toEqual([false, 0]);
});

test('a pod that has gone loses its stream, its snapshot and its report', () => {
  const stream = new FakeStream();
  registry.opened('u', stream, true);
  registry.publish('u', one);
  registry.reported(pod, report(one.digest));
  registry.withdraw('u');
  registry.withdraw('u');
  expect([stream.ended, registry.connected(), registry.acked('u')]).toEqual(['withdrawn', 0, null]);
  const next = new FakeStream();
  registry.opened('u', next, true);
  expect(next.offered).toEqual([]);
});

test('the last report counts, and outlives the stream of a pod that is published to', () => {
  registry.publish('u', one);
  registry.reported(pod, report(one.digest));
  registry.reported(pod, report(other.digest));
  const stream = new FakeStream();
  registry.opened('u', stream, true);
  registry.closed('u', stream);
  expect(registry.acked('u')).toMatchObject({ pod, digest: other.digest, result: 'applied' });
});

test('a sidecar that begins anew has not acknowledged what the one before it did', () => {
  registry.publish('u', one);
  registry.reported(pod, report(one.digest));
  registry.opened('u', new FakeStream(), true);
  expect(registry.acked('u')).toMatchObject({ digest: one.digest });
  registry.opened('u', new FakeStream(), false);
  expect(registry.acked('u')).toBeNull();
});

test('a report of a pod that nobody knows leaves nothing behind', () => {
  registry.reported(pod, report(one.digest));
  expect(registry.acked('u')).toBeNull();
  const stream = new FakeStream();
  registry.opened('u', stream, true);
  registry.reported(pod, report(one.digest));
  registry.closed('u', stream);
  expect(registry.acked('u')).toBeNull();
});

test('reports and streams are told, publishing is not', () => {
  registry.publish('u', one);
  expect(changes).toEqual([]);
  const stream = new FakeStream();
  registry.opened('u', stream, true);
  registry.reported(pod, report(one.digest));
  registry.closed('u', stream);
  expect(changes).toEqual(['u', 'u', 'u']);
});

test('a pod gets the values that its own snapshot names, and no others', () => {
  const [mine, theirs, later] = [Buffer.from('mine'), Buffer.from('theirs'), Buffer.from('later')];
  registry.publish('u', one, new Map([['sha256:1', mine]]));
  registry.publish('v', one, new Map([['sha256:2', theirs]]));
  expect([registry.blob('u', 'sha256:1'), registry.blob('u', 'sha256:2')]).toEqual([mine, null]);
  registry.publish('u', other, new Map([['sha256:3', later]]));
  expect([registry.blob('u', 'sha256:1'), registry.blob('u', 'sha256:3')]).toEqual([null, later]);
  registry.withdraw('u');
  expect([registry.blob('u', 'sha256:3'), registry.blob('w', 'sha256:3')]).toEqual([null, null]);
});
