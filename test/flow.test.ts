/** Who reads slowly slows the writer down; nothing piles up in between. */
import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

const MEBIBYTE = 1024 * 1024;
const LENGTH = 200 * MEBIBYTE;
const PIECE = Buffer.alloc(64 * 1024, 'x');
/** What the sidecar may need more than before (bytes). */
const MAX_GROWTH = 32 * MEBIBYTE;
/** More than the kernel keeps for two connections (bytes). */
const MAX_IN_KERNEL = 32 * MEBIBYTE;

let sidecar: SidecarProcess;
let service: (socket: Socket) => void;
const server = createServer((socket) => {
  sockets.push(socket);
  socket.on('error', () => {});
  service(socket);
});
const sockets: Socket[] = [];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  sidecar = await startSidecar({ upstream: (server.address() as AddressInfo).port });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await sidecar.kill();
  server.close();
});

/** Writes `LENGTH` bytes as fast as they are taken. */
class Writer {
  /** Bytes that the kernel has taken, or that wait here for it. */
  sent = 0;
  readonly done: Promise<void>;

  constructor(socket: Socket, piece = PIECE) {
    this.done = new Promise((resolve) => {
      const pump = (): void => {
        while (this.sent < LENGTH && !socket.destroyed) {
          this.sent += piece.length;
          if (!socket.write(piece)) return;
        }
        resolve();
      };
      socket.on('drain', pump);
      pump();
    });
  }

  /** Resolves with the bytes sent when nothing has been taken for a while. */
  async stalled(): Promise<number> {
    for (let before = -1; before !== this.sent; await pause(250)) before = this.sent;
    return this.sent;
  }
}

/** Counts the bytes of the body that it reads: what comes after an empty line. */
async function bodyLength(socket: Socket): Promise<number> {
  let length = 0;
  let head = '';
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    if (head.includes('\r\n\r\n')) length += bytes.length;
    else {
      head += bytes.toString('latin1');
      if (head.includes('\r\n\r\n')) length += head.length - head.indexOf('\r\n\r\n') - 4;
    }
    if (length >= LENGTH) break;
  }
  return length;
}

const memory = (): Promise<number> => sidecar.metric('process_resident_memory_bytes');

async function client(request: string): Promise<Socket> {
  const socket = connectSocket({ host: '127.0.0.1', port: sidecar.inbound });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(request);
  return socket;
}

/** The service sends a large answer to each request. */
function downloads(): Promise<Writer> {
  return new Promise((resolve) => {
    service = (socket) =>
      void socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`);
        resolve(new Writer(socket));
      });
  });
}

const GET = 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = `POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${LENGTH}\r\n\r\n`;

test('a client that does not read 200 MiB pauses the service; once it reads, it gets all', async () => {
  const writing = downloads();
  const before = await memory();
  const reader = await client(GET);
  reader.pause();
  const writer = await writing;
  expect(await writer.stalled()).toBeLessThan(MAX_IN_KERNEL);
  expect((await memory()) - before).toBeLessThan(MAX_GROWTH);
  expect(await bodyLength(reader)).toBe(LENGTH);
  await writer.done;
});

test('a service that does not read 200 MiB pauses the client; once it reads, it gets all', async () => {
  const accepted = new Promise<Socket>((resolve) => {
    service = (socket) => {
      socket.pause();
      resolve(socket);
    };
  });
  const before = await memory();
  const uploading = await client(POST);
  const writer = new Writer(uploading);
  const reader = await accepted;
  expect(await writer.stalled()).toBeLessThan(MAX_IN_KERNEL);
  expect((await memory()) - before).toBeLessThan(MAX_GROWTH);
  expect(await bodyLength(reader)).toBe(LENGTH);
  await writer.done;
});

test('thirty clients that do not read cost no more than one', async () => {
  const before = await memory();
  for (let count = 0; count < 30; count++) {
    const writing = downloads();
    const reader = await client(GET);
    reader.pause();
    await writing;
  }
  await pause(500);
  expect((await memory()) - before).toBeLessThan(MAX_GROWTH);
});

test('a client that pipelines without reading is read no further', async () => {
  service = (socket) => {
    const body = 'x'.repeat(100_000);
    socket.on('data', (bytes) => {
      const requests = bytes.toString('latin1').split('\r\n\r\n').length - 1;
      for (let count = 0; count < requests; count++) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      }
    });
  };
  const before = await memory();
  const flooding = await client('');
  flooding.pause();
  const writer = new Writer(flooding, Buffer.from(GET.repeat(1000)));
  expect(await writer.stalled()).toBeLessThan(MAX_IN_KERNEL);
  expect((await memory()) - before).toBeLessThan(MAX_GROWTH);
});

test('a client that reads slowly does not slow down another', async () => {
  const writing = downloads();
  const slow = await client(GET);
  slow.pause();
  await writing;
  service = (socket) => void socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const quick = await client(GET);
  const [bytes] = (await once(quick, 'data')) as [Buffer];
  expect(bytes.toString('latin1')).toContain('\r\n\r\nok');
});
