import { Socket, type NetConnectOpts } from 'node:net';
import type { Receive } from './upstream-connection.ts';

type Told = (error?: Error | null) => void;

/**
 * A socket that goes on reading when it can write no more. A service that refuses an upload answers, closes without reading the rest,
 * and so resets the connection; the next write fails, and an ordinary socket then ends at once, with the answer unread in the
 * kernel. Here such a write is as good as done: what the service said is read, and then its end.
 */
class UpstreamSocket extends Socket {
  /** Only one write is under way at a time: the stream sees to that. */
  private told: Told = () => {};
  private readonly written = (error?: Error | null): void => this.told(isClosedByPeer(error) ? null : error);

  override _write(chunk: unknown, encoding: BufferEncoding, told: Told): void {
    this.told = told;
    super._write(chunk, encoding, this.written);
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], told: Told): void {
    this.told = told;
    super._writev?.(chunks, this.written);
  }
}

const isClosedByPeer = (error?: Error | null): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');

/** One read takes at most this (bytes). Pages that no answer has filled are not resident. */
const READ_BYTES = 65_536;

/**
 * Begins to connect to the service. Each side may end its own direction. Reads go to one buffer again and again, as long as
 * nobody holds on to what it held: a new one for each read would have the garbage collector scan all memory for a few MiB.
 */
export function connectUpstream(address: NetConnectOpts, receive: Receive): Socket {
  let free: Buffer | null = null;
  const onread = {
    buffer(): Buffer {
      const next = free ?? Buffer.allocUnsafeSlow(READ_BYTES);
      free = null;
      return next;
    },
    callback(count: number, bytes: Uint8Array): boolean {
      const buffer = bytes as Buffer;
      if (!receive(buffer.subarray(0, count))) free = buffer;
      return true;
    },
  };
  return new UpstreamSocket({ allowHalfOpen: true, onread }).setNoDelay(true).connect(address);
}
