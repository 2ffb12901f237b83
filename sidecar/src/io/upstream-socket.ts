import { Socket, type NetConnectOpts } from 'node:net';

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

/** Begins to connect to the service. Each side may end its own direction. */
export const connectUpstream = (address: NetConnectOpts): Socket =>
  new UpstreamSocket({ allowHalfOpen: true }).setNoDelay(true).connect(address);
