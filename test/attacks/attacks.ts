import type { Socket } from 'node:net';

/** An attack on many connections: what each of them sends, and whether it begins anew when it has ended. */
export interface Attack {
  /** What it is, for people. */
  readonly title: string;
  /** Connections at once (count). */
  readonly connections: number;
  /** All that is done with a connection that has just been made. */
  readonly begin: (socket: Socket) => void;
  /** Connections that have ended are replaced. */
  readonly again: boolean;
  /** Of the sidecar's memory, for each connection (bytes): the most that it may take. */
  readonly mostBytes: number;
}

const KIB = 1_024;
const DRIP_MS = 500;

/** A byte now and then, for as long as the connection lasts. */
function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

/** The same piece over and over, as fast as it is taken. */
function pour(socket: Socket, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

const EXTENSION_CHUNK = `1;${'x'.repeat(900)}\r\ny\r\n`;

export const attacks = {
  'slow-head': {
    title: 'heads that never end, a byte every 500 ms',
    connections: 2_000,
    again: true,
    mostBytes: 32 * KIB,
    begin(socket) {
      socket.write('GET /small HTTP/1.1\r\nHost: a\r\nx: ');
      drip(socket, 'y');
    },
  },
  'slow-body': {
    title: 'bodies that never end, a byte every 500 ms',
    connections: 500,
    again: true,
    mostBytes: 64 * KIB,
    begin(socket) {
      socket.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
      drip(socket, 'y');
    },
  },
  'slow-read': {
    title: 'answers of 1 MiB that nobody reads',
    connections: 500,
    again: true,
    mostBytes: 512 * KIB,
    begin(socket) {
      socket.pause();
      socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
    },
  },
  'head-bomb': {
    title: 'heads of 10,000 fields, as fast as they are taken',
    connections: 50,
    again: true,
    mostBytes: 1_024 * KIB,
    begin(socket) {
      socket.write(`GET /small HTTP/1.1\r\nHost: a\r\n${'x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(10_000)}\r\n`);
    },
  },
  'chunk-bomb': {
    title: 'chunks of one byte with 900 bytes of extension, as fast as they are taken',
    connections: 20,
    again: true,
    mostBytes: 2_048 * KIB,
    begin(socket) {
      socket.write('POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      pour(socket, Buffer.from(EXTENSION_CHUNK.repeat(64)));
    },
  },
  idle: {
    title: 'connections that say nothing, replaced as they are closed',
    connections: 10_000,
    again: true,
    mostBytes: 16 * KIB,
    begin() {},
  },
  churn: {
    title: 'a connection for every request, cut by a reset when its answer comes',
    connections: 50,
    again: true,
    mostBytes: 1_024 * KIB,
    begin(socket) {
      socket.write('GET /small HTTP/1.1\r\nHost: a\r\n\r\n');
      socket.once('data', () => socket.resetAndDestroy());
    },
  },
} satisfies Record<string, Attack>;

export type AttackName = keyof typeof attacks;
export const attackNames = Object.keys(attacks) as AttackName[];
