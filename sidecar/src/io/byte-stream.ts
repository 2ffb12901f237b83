/** The part of `net.Socket` that the wire path uses, so that the same code runs on simulated connections. */
export interface ByteStream {
  /** False: the peer takes no more for now; `drain` follows. */
  write(data: string | Uint8Array, encoding?: 'latin1'): boolean;
  /** Sends what is left, then the end. */
  end(): unknown;
  destroy(): unknown;
  /** Closes with a reset, so that nobody takes what was sent for the whole. */
  resetAndDestroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'connect' | 'drain' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly remoteAddress?: string | undefined;
  /** Bytes that were written and have not been handed to the system. */
  readonly writableLength: number;
}
