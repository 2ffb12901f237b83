import type { TLSSocket } from 'node:tls';
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import { LineSplitter } from '../../kube/line-splitter.ts';
import { type Frame, frameLine, MAX_FRAME_BYTES, readFrame } from '../frames.ts';

/** Each side says something this often (ms), so that both notice a connection that is dead. */
const BEAT_MS = 5_000;

/** A side that hears nothing for so long (ms) gives the connection up. */
const SILENCE_MS = 15_000;

const LINE_FEED = 0x0a;

export interface FrameSocketOptions {
  socket: TLSSocket;
  clock: Clock;
  timers: Timers;
  onFrame(frame: Frame): void;
  /** The other side takes more again. */
  onDrain?(): void;
  /** Called once; the connection is over, `fault` tells why if it was not ended. */
  onClose(fault: string | null): void;
}

/** Frames over one connection. */
export class FrameSocket {
  readonly #options: FrameSocketOptions;
  #heardMs: number;
  #lineBytes = 0;
  #fault: string | null = null;
  #cancelBeat: () => void = () => {};

  constructor(options: FrameSocketOptions) {
    this.#options = options;
    const { socket, clock, onFrame, onClose, onDrain } = options;
    this.#heardMs = clock.nowMs();
    const lines = new LineSplitter((line) => {
      const frame = readFrame(line);
      if (frame === null) this.giveUp('what came was no frame');
      else if (!socket.destroyed) onFrame(frame);
    });
    socket.on('data', (chunk: Buffer) => {
      this.#heardMs = clock.nowMs();
      const lastFeed = chunk.lastIndexOf(LINE_FEED);
      this.#lineBytes = lastFeed === -1 ? this.#lineBytes + chunk.length : chunk.length - lastFeed - 1;
      if (this.#lineBytes > MAX_FRAME_BYTES) this.giveUp('a frame had no end');
      else lines.take(chunk);
    });
    socket.on('drain', () => onDrain?.());
    socket.on('error', (error) => (this.#fault ??= error.message));
    socket.on('close', () => {
      this.#cancelBeat();
      onClose(this.#fault);
    });
    this.#beat();
  }

  /** False: the other side does not take any more at present. */
  get takesMore(): boolean {
    const { socket } = this.#options;
    return socket.writable && !socket.writableNeedDrain;
  }

  send(frames: readonly Frame[]): void {
    const { socket } = this.#options;
    if (socket.writable) socket.write(frames.map(frameLine).join(''));
  }

  /** Ends the connection after what was sent. */
  end(): void {
    this.#options.socket.end();
  }

  giveUp(fault: string): void {
    this.#fault ??= fault;
    this.#options.socket.destroy();
  }

  #beat(): void {
    const { clock, timers } = this.#options;
    this.#cancelBeat = timers.after(BEAT_MS, () => {
      if (clock.nowMs() - this.#heardMs >= SILENCE_MS) return this.giveUp('the other side has gone silent');
      if (this.takesMore) this.send([{ is: 'beat' }]);
      this.#beat();
    });
  }
}
