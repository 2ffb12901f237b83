import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { compile } from '@fusebox/api/compile/compile.ts';
import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { beforeEach, expect, test } from 'vitest';
import { noMetrics } from '../publish-metrics.ts';
import { SnapshotStream } from './snapshot-stream.ts';

const snapshotOf = (seconds: number) =>
  compile([resiliencePolicy({ inbound: { defaults: { timeout: `${seconds}s` } } })], {
    namespace: null,
    workloads: [],
    labels: null,
  }).snapshot;

/** A reader that can stop reading. */
class FakeResponse extends EventEmitter {
  text = '';
  isFull = false;
  state: 'open' | 'ended' | 'destroyed' = 'open';
  get writableNeedDrain(): boolean {
    return this.isFull;
  }
  writeHead(): void {}
  cork(): void {}
  uncork(): void {}
  write(part: string | Buffer): boolean {
    this.text += String(part);
    return !this.isFull;
  }
  end(): void {
    this.state = 'ended';
  }
  destroy(): void {
    this.state = 'destroyed';
  }
  drain(): void {
    this.isFull = false;
    this.emit('drain');
  }
  /** Digests in what was written since the last time. */
  take(): string[] {
    const digests = [...this.text.matchAll(/"digest":"([^"]+)"/g)].map(([, digest]) => digest!);
    this.text = '';
    return digests;
  }
}

let response: FakeResponse;
let ends: string[];
let stream: SnapshotStream;
beforeEach(() => {
  response = new FakeResponse();
  ends = [];
  stream = new SnapshotStream({
    response: response as unknown as ServerResponse,
    revision: () => 'pods=7',
    untilWallMs: 1_000_000,
    metrics: { ...noMetrics, streamEnded: (reason) => ends.push(reason) },
    onEnd: () => ends.push('told'),
    nowMs: 0,
  });
});
const [a, b, c] = [snapshotOf(1), snapshotOf(2), snapshotOf(3)] as const;

test('a snapshot is one event with its revision', () => {
  response.take();
  stream.offer(a);
  expect(response.text).toBe(`id: pods=7\nevent: snapshot\ndata: ${JSON.stringify(a)}\n\n`);
});

test('what was sent last is not sent again', () => {
  stream.offer(a);
  stream.offer({ ...a });
  expect(response.take()).toEqual([a.digest]);
  stream.offer(b);
  stream.offer(a);
  expect(response.take()).toEqual([b.digest, a.digest]);
});

test('while the reader is slow one snapshot waits, the newest', () => {
  response.isFull = true;
  stream.offer(a);
  stream.offer(b);
  stream.offer(c);
  stream.tick(20_000, 0);
  expect(response.take()).toEqual([a.digest]);
  response.drain();
  expect(response.take()).toEqual([c.digest]);
  expect(ends).toEqual([]);
});

test('what waits and is what the reader has already is not sent', () => {
  response.isFull = true;
  stream.offer(a);
  stream.offer(b);
  stream.offer(a);
  response.drain();
  expect(response.take()).toEqual([a.digest]);
});

test('a reader that takes nothing for 30 s is cut off', () => {
  stream.tick(5_000, 0);
  response.isFull = true;
  stream.offer(a);
  stream.tick(34_999, 0);
  expect(response.state).toBe('open');
  stream.tick(35_000, 0);
  expect([response.state, ...ends]).toEqual(['destroyed', 'slow', 'told']);
  stream.offer(b);
  expect(response.take()).toEqual([a.digest]);
});

test('silence is broken every ten seconds', () => {
  response.take();
  stream.tick(9_999, 0);
  expect(response.text).toBe('');
  stream.tick(10_000, 0);
  expect(response.text).toBe(':\n\n');
  stream.tick(19_000, 0);
  stream.tick(20_000, 0);
  expect(response.text).toBe(':\n\n:\n\n');
});

test('it ends with the token of its reader, once', () => {
  stream.tick(1_000, 999_999);
  expect(ends).toEqual([]);
  stream.tick(2_000, 1_000_000);
  response.emit('close');
  stream.end('shutdown');
  expect([response.state, ...ends]).toEqual(['ended', 'expired', 'told']);
});
