import type { ServerResponse } from 'node:http';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { PublishMetrics, StreamEnd } from '../publish-metrics.ts';
import type { PodStream } from '../publisher.ts';

/** A reader that takes nothing for so long (ms) is cut off. */
const SLOW_MS = 30_000;

/** Silence is broken this often (ms), so that both sides notice a dead connection. */
const HEARTBEAT_MS = 10_000;

const HEARTBEAT = ':\n\n';

export interface SnapshotStreamOptions {
  response: ServerResponse;
  /** Stamped on what is sent. */
  revision: () => string;
  /** When the reader's token ends (ms since 1970). */
  untilWallMs: number;
  metrics: PublishMetrics;
  /** Called once, when nothing can be sent any more. */
  onEnd: () => void;
  nowMs: number;
}

/**
 * One `text/event-stream` to one pod. While the reader is slow at most one snapshot waits, the newest: what came in between
 * is never sent.
 */
export class SnapshotStream implements PodStream {
  private readonly options: SnapshotStreamOptions;
  private waiting: Snapshot | null = null;
  private sentDigest: string | null = null;
  /** Since when the socket takes no more; null: it does. */
  private fullSinceMs: number | null = null;
  private lastSentMs: number;
  private nowMs: number;
  private ended = false;

  constructor(options: SnapshotStreamOptions) {
    this.options = options;
    this.nowMs = options.nowMs;
    this.lastSentMs = options.nowMs;
    const { response } = options;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.write([HEARTBEAT]); // the head goes out with it: the reader knows that it is let in
    response.on('drain', () => {
      this.fullSinceMs = null;
      this.flush();
    });
    response.on('close', () => this.finish('client'));
    options.metrics.streamOpened();
  }

  offer(snapshot: Snapshot): void {
    this.waiting = snapshot;
    this.flush();
  }

  end(reason: StreamEnd): void {
    if (this.ended) return;
    // Whoever does not read cannot be waited for; the others get what was written.
    if (this.fullSinceMs === null) this.options.response.end();
    else this.options.response.destroy();
    this.finish(reason);
  }

  /** To be called every second or so. */
  tick(nowMs: number, wallMs: number): void {
    this.nowMs = nowMs;
    if (wallMs >= this.options.untilWallMs) this.end('expired');
    else if (this.fullSinceMs !== null && nowMs - this.fullSinceMs >= SLOW_MS) this.end('slow');
    else if (this.fullSinceMs === null && nowMs - this.lastSentMs >= HEARTBEAT_MS) this.write([HEARTBEAT]);
  }

  private flush(): void {
    if (this.ended || this.fullSinceMs !== null || this.waiting === null) return;
    const snapshot = this.waiting;
    this.waiting = null;
    if (snapshot.digest === this.sentDigest) return;
    this.sentDigest = snapshot.digest;
    const data = dataOf(snapshot);
    this.write([`id: ${this.options.revision()}\nevent: snapshot\n`, data]);
    this.options.metrics.sent(data.length);
  }

  private write(parts: readonly (string | Buffer)[]): void {
    const { response } = this.options;
    this.lastSentMs = this.nowMs;
    response.cork();
    const takesMore = parts.map((part) => response.write(part)).at(-1);
    response.uncork();
    if (takesMore === false && response.writableNeedDrain) this.fullSinceMs = this.nowMs;
  }

  private finish(reason: StreamEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting = null;
    this.options.metrics.streamEnded(reason);
    this.options.onEnd();
  }
}

// Pods of one group share a snapshot, and so the bytes that it is sent as.
const written = new WeakMap<Snapshot, Buffer>();

function dataOf(snapshot: Snapshot): Buffer {
  let data = written.get(snapshot);
  if (data === undefined) {
    data = Buffer.from(`data: ${JSON.stringify(snapshot)}\n\n`);
    written.set(snapshot, data);
  }
  return data;
}
