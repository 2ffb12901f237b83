/** Clients that leave in the middle, or stop reading, are no fault of the service: its circuit must not open for them. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statusOf } from './support/message.ts';
import { ask, connect, get } from './support/peer.ts';
import { startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
const circuitBreaker = { failureThreshold: 2, abandonedAfter: '50ms' };
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({
    upstream: service.port,
    settings: {
      inbound: {
        routes: [
          { name: 'events', match: { path: '/events' }, circuitBreaker },
          { name: 'hangs', match: { path: '/hangs' }, circuitBreaker },
          { name: 'large', match: { path: '/large' }, idleTimeout: '200ms', circuitBreaker },
        ],
      },
    },
  });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

test('clients that close a stream of events after a while do not open the circuit', async () => {
  service.on('/events', (connection) =>
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n'),
  );
  for (let count = 0; count < 4; count++) {
    const client = await connect(sidecar.inbound);
    client.send(get('/events'));
    await client.take('x\r\n');
    await pause(60); // longer than `abandonedAfter`
    client.socket.destroy();
    await service.latest().ended();
  }
  expect(await sidecar.metric('fusebox_circuit_state', { route: 'events', state: 'Closed' })).toBe(1);
  expect(await sidecar.metric('fusebox_requests_total', { route: 'events', code: '200' })).toBe(4);
});

test('clients that give up waiting for an answer do open it', async () => {
  service.on('/hangs', () => {});
  for (let count = 0; count < 2; count++) {
    const client = await connect(sidecar.inbound);
    const before = service.seen('/hangs').length;
    client.send(get('/hangs'));
    while (service.seen('/hangs').length === before) await pause(1);
    await pause(60); // longer than `abandonedAfter`
    client.socket.destroy();
    await service.latest().ended();
  }
  await sidecar.metricIs('fusebox_circuit_state', { route: 'hangs', state: 'Open' }, 1);
});

test('clients that stop reading are cut after `idleTimeout`, and do not open it', async () => {
  const body = 'x'.repeat(40_000_000);
  service.on('/large', (connection) =>
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  );
  for (let count = 0; count < 3; count++) {
    const client = await connect(sidecar.inbound);
    client.socket.pause();
    client.send(get('/large'));
    await sidecar.metricIs('fusebox_requests_total', { route: 'large' }, count + 1);
    client.socket.destroy();
  }
  expect(await sidecar.metric('fusebox_circuit_state', { route: 'large', state: 'Closed' })).toBe(1);
  expect(await sidecar.metric('fusebox_refused_total', { route: 'large' })).toBe(0);
  service.on('/large', (connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  expect(statusOf(await ask(sidecar.inbound, get('/large')))).toBe(200);
});
