/**
 * Keeps WebSockets busy: each sends 64 bytes, waits for them to come back, and sends again. Prints a `LoadResult` as JSON.
 * usage: node socket-load.ts PORT CONNECTIONS SECONDS
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { LoadResult } from './load.ts';
import { quantile } from './quantiles.ts';

const [port = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
const payload = Buffer.alloc(64, 0x78);
// A masked text frame whose mask is zero: what comes back is the payload after a head of two bytes.
const message = Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
const answerLength = 2 + payload.length;

const latenciesMs: number[] = [];
let running = true;

function upgrade(socket: Socket): Promise<void> {
  const fields = ['Host: bench', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  socket.write(`GET /sockets/echo HTTP/1.1\r\n${[...fields, key].join('\r\n')}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    let head = '';
    socket.on('data', function onHead(piece: Buffer) {
      head += piece.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onHead);
      if (head.startsWith('HTTP/1.1 101')) resolve();
      else reject(new Error(`no upgrade: ${head}`));
    });
  });
}

function keepBusy(socket: Socket): void {
  let received = 0;
  let sentMs = performance.now();
  socket.on('data', (piece: Buffer) => {
    received += piece.length;
    if (received < answerLength) return;
    received -= answerLength;
    const nowMs = performance.now();
    latenciesMs.push(nowMs - sentMs);
    if (!running) return;
    sentMs = nowMs;
    socket.write(message);
  });
  socket.write(message);
}

const sockets = Array.from({ length: connections }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
for (const socket of sockets) {
  socket.once('close', () => {
    if (running) throw new Error('a connection was closed');
  });
}
await Promise.all(sockets.map(upgrade));
const startMs = performance.now();
for (const socket of sockets) keepBusy(socket);
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
running = false;
const elapsedS = (performance.now() - startMs) / 1000;
const sorted = Float64Array.from(latenciesMs).sort();
const result: LoadResult = {
  requests: sorted.length,
  perSecond: sorted.length / elapsedS,
  p50Ms: quantile(sorted, 0.5),
  p99Ms: quantile(sorted, 0.99),
  failures: 0,
  refused: 0,
};
for (const socket of sockets) socket.destroy();
process.stdout.write(JSON.stringify(result));
