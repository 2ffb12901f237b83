import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

describe('deadlines in the whole proxy', () => {
  test('timeout runs until the head has come', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 4s}}'));
    sim.service.behave = () => ({ act: 'hang' });
    const client = sim.get('/a');
    sim.advance(3_999);
    expect(client.answers).toHaveLength(0);
    sim.advance(11);
    expect(client.answer).toMatchObject({ status: 504, headers: { 'fusebox-reason': 'timeout' } });
    expect(sim.service.open).toBe(0);
  });

  test('an upload may take longer than timeout, which runs from its last byte', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 4s}}'));
    const client = sim.client();
    client.send('POST /a HTTP/1.1\r\nHost: service\r\nContent-Length: 5\r\n\r\n');
    for (const byte of 'hello') {
      sim.advance(8_000);
      client.send(byte);
    }
    sim.advance(0);
    expect(client.answer.status).toBe(200);
    expect(sim.service.requests[0]!.body).toBe('hello');
  });

  test('a service that does not take the body is given timeout, however long its client would wait', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 4s, circuitBreaker: {failureThreshold: 1}}}'));
    sim.service.reads = false;
    const client = sim.client();
    client.send(`POST /a HTTP/1.1\r\nHost: service\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`);
    sim.advance(4_011);
    expect(client.answer).toMatchObject({ status: 504, headers: { 'fusebox-reason': 'timeout' } });
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('a service that does not answer an Expect is given timeout; after its 100 it is the turn of the client', () => {
    const expecting = 'POST /a HTTP/1.1\r\nHost: service\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const sim = new Simulation(policy('{defaults: {timeout: 4s}}'));
    const silent = sim.client();
    silent.send(expecting);
    sim.advance(4_011);
    expect(silent.answer.status).toBe(504);
    sim.service.atHead = 'HTTP/1.1 100 Continue\r\n\r\n';
    const slow = sim.client();
    slow.send(expecting);
    sim.advance(9_000);
    slow.send('hello');
    sim.advance(0);
    expect(slow.answers.map(({ status }) => status)).toEqual([100, 200]);
  });

  test('idleTimeout cuts an answer that stops coming, so that it does not look whole', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 4s, idleTimeout: 10s}}'));
    sim.service.behave = () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart' });
    const client = sim.get('/a');
    sim.advance(9_999);
    expect(client.wasReset).toBe(false);
    sim.advance(11);
    expect(client.wasReset).toBe(true);
    expect(client.received).toMatch(/part$/);
  });

  test('maxDuration ends an exchange whatever moves', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 4s, maxDuration: 6s}}'));
    sim.service.behave = () => ({ raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n' });
    const client = sim.get('/a');
    sim.advance(5_999);
    expect(client.wasReset).toBe(false);
    sim.advance(11);
    expect(client.wasReset).toBe(true);
  });

  test('in Shadow a timeout cuts nothing and is counted', () => {
    const sim = new Simulation(policy('{defaults: {timeout: 1s}}', ', mode: Shadow'));
    sim.service.behave = () => ({ afterMs: 5_000 });
    const client = sim.get('/a');
    sim.advance(5_000);
    expect(client.answer.status).toBe(200);
    expect(sim.metric('fusebox_would_refuse_total{direction="inbound",route="_defaults",reason="timeout"}')).toBe(1);
  });

  test('a head that does not end within 10 s is refused with 408, however it drips', () => {
    const sim = new Simulation();
    const client = sim.client();
    for (const byte of 'GET / HTTP/1.1\r\nHos') {
      client.send(byte);
      sim.advance(500);
    }
    expect(client.answers).toHaveLength(0);
    sim.advance(600);
    expect(client.answer).toMatchObject({
      status: 408,
      headers: { 'fusebox-reason': 'request-timeout', connection: 'close' },
    });
    expect(client.ended).toBe(true);
  });

  test('a body that stops coming for 30 s is refused with 408, and the service is let go', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send('POST / HTTP/1.1\r\nHost: service\r\nContent-Length: 10\r\n\r\nhalf');
    sim.advance(29_000);
    client.send('x');
    sim.advance(29_999);
    expect(client.answers).toHaveLength(0);
    sim.advance(11);
    expect(client.answer.status).toBe(408);
    expect(sim.service.open).toBe(0);
  });

  test('an idle connection is closed after 60 s, quietly', () => {
    const sim = new Simulation();
    const client = sim.get('/a');
    sim.advance(59_999);
    expect(client.ended).toBe(false);
    client.get('/b');
    sim.advance(59_000);
    expect(client.answers).toHaveLength(2);
    expect(client.ended).toBe(false);
    sim.advance(1_011);
    expect(client.ended).toBe(true);
    sim.advance(2_100);
    expect(sim.clients.size).toBe(0);
  });

  test('idle connections to the service are left sooner than it closes them', () => {
    const sim = new Simulation();
    sim.get('/a');
    sim.advance(3_999);
    expect(sim.service.open).toBe(1);
    sim.advance(11);
    expect(sim.service.open).toBe(0);
    sim.service.behave = () => ({ lines: ['Keep-Alive: timeout=3'] });
    sim.get('/b');
    sim.advance(1_999);
    expect(sim.service.open).toBe(1);
    sim.advance(11);
    expect(sim.service.open).toBe(0);
  });

  test('a connection to the service is used again, by any client', () => {
    const sim = new Simulation();
    for (let call = 0; call < 5; call++) {
      sim.get('/a');
      sim.advance(10);
    }
    expect(new Set(sim.service.requests.map(({ connection }) => connection))).toEqual(new Set([0]));
  });
});
