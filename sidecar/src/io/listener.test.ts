/** Who has to go when there are too many, on real sockets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listen, type Listener } from './listener.ts';
import { Simulation } from '../testing/simulate.ts';

let listener: Listener;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  listener.destroy();
  await listener.stop();
});

async function opened(): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1' });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

test('of those without a request the one goes that was not used for longest, not the one that is oldest', async () => {
  const sim = new Simulation();
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 3,
    handler: sim.inbound,
    nowMs: () => 0,
    alarm: () => ({ set() {}, clear() {}, remove() {} }),
    maxBodyBytes: null,
  });
  const used = await opened();
  // Answered here: Max-Forwards has run out.
  used.write('TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n');
  await once(used, 'data');
  const silent = await opened();
  const other = await opened();
  await opened();
  await once(silent, 'close');
  expect([used.destroyed, other.destroyed]).toEqual([false, false]);
});
