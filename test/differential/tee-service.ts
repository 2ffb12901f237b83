import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { readRequests, asksForUpgrade } from '../fuzz/reference-stream.ts';
import type { BackEnd, BackEnds } from './back-ends.ts';
import type { Readings } from './reading.ts';

/** A request that the sidecar has forwarded, and what each back end made of it. */
export interface Forwarded {
  /** All that came on the connection. */
  readonly text: string;
  /** It asks for another protocol: the sidecar sends nothing behind it on this connection. */
  readonly upgrades: boolean;
  readonly readings: Record<BackEnd, Readings>;
}

export interface TeeService {
  readonly port: number;
  /** Requests that came whole. */
  readonly forwarded: readonly Forwarded[];
  close(): Promise<void>;
}

const ANSWER = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** A service that gives every byte to all back ends, and answers when they have: one request for each connection. */
export async function startTee(backEnds: BackEnds): Promise<TeeService> {
  const forwarded: Forwarded[] = [];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    const session = backEnds.open();
    let text = '';
    let finished = false;
    socket.on('data', (bytes) => {
      const piece = bytes.toString('latin1');
      text += piece;
      session.write(piece);
      const [request] = readRequests(text).requests;
      if (finished || request === undefined || request.end === null) return;
      finished = true;
      void session.finish(request.method === 'HEAD').then((readings) => {
        forwarded.push({ text, upgrades: asksForUpgrade(request), readings });
        socket.end(ANSWER);
      });
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      open.delete(socket);
      if (!finished) session.abort();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    forwarded,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
