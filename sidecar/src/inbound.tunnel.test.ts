import { describe, expect, test } from 'vitest';
import type { FakeStream } from './testing/fake-stream.ts';
import { policy, Simulation } from './testing/simulate.ts';

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** A service that switches protocols and echoes in capitals. */
function echoing(sim: Simulation): { heard: string[]; stream: FakeStream | null } {
  const state: { heard: string[]; stream: FakeStream | null } = { heard: [], stream: null };
  sim.service.behave = ({ lines }) =>
    lines.some((line) => /^upgrade:/i.test(line))
      ? {
          raw: SWITCHED,
          tunnel: (stream) => {
            state.stream = stream;
            return (text) => {
              state.heard.push(text);
              stream.write(text.toUpperCase());
            };
          },
        }
      : {};
  return state;
}

describe('tunnels', () => {
  test('an Upgrade is passed on, and bytes go both ways', () => {
    const sim = new Simulation();
    const service = echoing(sim);
    const client = sim.client();
    client.send(`${UPGRADE}early`);
    sim.advance(0);
    expect(sim.service.requests[0]!.lines).toEqual(
      expect.arrayContaining(['Upgrade: websocket', 'Connection: upgrade', 'Sec-WebSocket-Key: k']),
    );
    expect(client.received).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\nVia: 1\.1 fusebox-sim\r\nConnection: upgrade\r\n\r\nEARLY$/,
    );
    client.send('hello');
    sim.advance(0);
    expect(service.heard).toEqual(['early', 'hello']);
    expect(client.received).toMatch(/HELLO$/);
  });

  test.each(['h2c', 'websocket, H2C', 'HTTP/2.0', 'TLS/1.2'])(
    'no tunnel for %s: there requests would pass unseen; this one is served without it',
    (protocol) => {
      const sim = new Simulation();
      const client = sim.client();
      client.send(`GET / HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      sim.advance(0);
      expect(client.answer.status).toBe(200);
      expect(sim.service.requests[0]!.lines.filter((line) => /^(upgrade|connection):/i.test(line))).toEqual([]);
    },
  );

  test('a connection whose service did not switch is not used again', () => {
    const sim = new Simulation();
    sim.service.behave = () => ({});
    const client = sim.client();
    client.send(UPGRADE);
    sim.advance(0);
    client.get('/next');
    sim.advance(0);
    expect(client.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(sim.service.requests.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  test('a place is held for the life of the tunnel', () => {
    const sim = new Simulation(policy('{defaults: {idleTimeout: 10m, concurrency: {maxConcurrent: 1}}}'));
    echoing(sim);
    const client = sim.client();
    client.send(UPGRADE);
    sim.advance(50_000);
    expect(sim.get('/other').answer.headers['fusebox-reason']).toBe('concurrency-limit');
    client.leave();
    sim.advance(0);
    const other = sim.get('/other');
    sim.advance(0);
    expect(other.answer.status).toBe(200);
  });

  test('each side may end its own direction; the tunnel is over when both have', () => {
    const sim = new Simulation();
    const service = echoing(sim);
    const client = sim.client();
    client.staysOpen = true;
    client.send(UPGRADE);
    sim.advance(0);
    service.stream!.end();
    sim.settle();
    expect(client.ended).toBe(true);
    client.send('still heard');
    expect(service.heard).toEqual(['still heard']);
    expect(sim.inbound.active).toBe(1);
    client.end();
    expect(sim.inbound.active).toBe(0);
    sim.advance(3_000);
    expect(sim.clients.size).toBe(0);
    expect(sim.service.open).toBe(0);
  });

  test('a client that ends its direction still hears the service', () => {
    const sim = new Simulation();
    const service = echoing(sim);
    sim.service.staysOpen = true;
    const client = sim.client();
    client.send(UPGRADE);
    sim.advance(0);
    client.end();
    service.stream!.write('last words');
    sim.settle();
    expect(client.received).toMatch(/last words$/);
    service.stream!.end();
    sim.advance(3_000);
    expect(sim.inbound.active).toBe(0);
    expect(sim.clients.size).toBe(0);
  });

  test('idleTimeout ends a tunnel in which nothing moves, in neither direction', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 1s, idleTimeout: 10s}}'));
    echoing(sim);
    const client = sim.client();
    client.send(UPGRADE);
    for (let beat = 0; beat < 5; beat++) {
      sim.advance(9_000);
      client.send('beat');
      sim.advance(0);
    }
    expect(client.wasReset).toBe(false);
    sim.advance(10_011);
    expect(client.wasReset).toBe(true);
    expect(sim.inbound.active).toBe(0);
  });

  test('a service that does not switch answers as usual', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send(UPGRADE);
    sim.advance(0);
    expect(client.answer.status).toBe(200);
    client.get('/next');
    sim.advance(0);
    expect(client.answers).toHaveLength(2);
  });

  test('a switch that nobody asked for is a broken answer', () => {
    const sim = new Simulation();
    sim.service.behave = () => ({ raw: SWITCHED });
    const client = sim.get('/a');
    sim.advance(0);
    expect(client.answer.headers['fusebox-reason']).toBe('upstream-protocol');
  });

  test('an Upgrade that Connection does not name is for another hop, and goes no further', () => {
    const sim = new Simulation();
    sim.get('/a', { Upgrade: 'websocket' });
    sim.advance(0);
    expect(sim.service.requests[0]!.lines.join()).not.toMatch(/upgrade/i);
  });

  test('a client that leaves a tunnel, or a download, says nothing against the service', () => {
    const sim = new Simulation(policy('{defaults: {idleTimeout: 10m, circuitBreaker: {failureThreshold: 1}}}'));
    echoing(sim);
    const tunnel = sim.client();
    tunnel.send(UPGRADE);
    sim.advance(60_000);
    tunnel.leave();
    sim.service.behave = () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart' });
    const download = sim.get('/a');
    sim.advance(60_000);
    download.leave();
    expect(sim.route('_defaults').circuit).toMatchObject({ state: { kind: 'closed' }, window: { failures: 0 } });
  });
});
