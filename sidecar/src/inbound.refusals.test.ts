import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const refusing = policy('{unmatched: Refuse, routes: [{name: open, match: {path: /open}}]}');

describe('refusals and the connection they are sent on', () => {
  test('a short body that nobody wants is read and thrown away; the connection carries the next request', () => {
    const sim = new Simulation(refusing);
    const client = sim.client();
    client.send('POST /no HTTP/1.1\r\nHost: s\r\nContent-Length: 10\r\n\r\nhalf');
    expect(client.answer.status).toBe(404);
    expect(client.answer.headers['connection']).toBeUndefined();
    client.send('-other');
    client.get('/open');
    sim.advance(0);
    expect(client.answers.map(({ status }) => status)).toEqual([404, 200]);
    expect(sim.service.requests).toHaveLength(1);
  });

  test.each([
    ['a long body', 'Content-Length: 100000\r\n'],
    ['a client that waits for a 100', 'Content-Length: 10\r\nExpect: 100-continue\r\n'],
    ['a client that wants to close', 'Connection: close\r\nContent-Length: 0\r\n'],
  ])('%s ends the connection with the refusal', (_what, lines) => {
    const sim = new Simulation(refusing);
    const client = sim.client();
    client.send(`POST /no HTTP/1.1\r\nHost: s\r\n${lines}\r\n`);
    expect(client.answer).toMatchObject({ status: 404, headers: { connection: 'close' } });
    expect(client.ended).toBe(true);
  });

  test('of a chunked body no more than 64 KiB are thrown away', () => {
    const sim = new Simulation(refusing);
    const client = sim.client();
    client.send('POST /no HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(client.answer.status).toBe(404);
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    client.send(chunk);
    expect(client.ended).toBe(false);
    client.send(chunk);
    expect(client.ended).toBe(true);
  });

  test('a HEAD is refused without a body, whose length is told', () => {
    const sim = new Simulation(refusing);
    const client = sim.client();
    client.send('HEAD /no HTTP/1.1\r\nHost: s\r\n\r\n');
    expect(client.received).toMatch(/Content-Length: [1-9]\d+\r\n[^]*\r\n\r\n$/);
  });

  test('an HTTP/1.0 client that asks for it keeps its connection', () => {
    const sim = new Simulation(refusing);
    const kept = sim.client();
    kept.send('GET /no HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(kept.answer.headers['connection']).toBe('keep-alive');
    const closed = sim.client();
    closed.send('GET /no HTTP/1.0\r\n\r\n');
    expect(closed.answer.headers['connection']).toBe('close');
  });

  test('a client that takes its last answer slowly gets all of it', () => {
    const sim = new Simulation();
    sim.service.behave = () => ({ body: 'x'.repeat(50_000) });
    const client = sim.client();
    client.stopReading();
    client.send('GET / HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n');
    sim.advance(20_000);
    client.readAgain();
    sim.advance(0);
    expect(client.answer.body).toHaveLength(50_000);
  });

  test('twenty pipelined requests are answered in order, refused or not', () => {
    const sim = new Simulation(refusing);
    const client = sim.client();
    sim.service.behave = ({ target }) => ({ afterMs: target.endsWith('0') ? 50 : 1, body: target });
    const targets = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? '/no' : `/open?${index}`));
    client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: s\r\n\r\n`).join(''));
    sim.advance(1_000);
    expect(client.answers.map(({ status, body }) => (status === 404 ? '/no' : body))).toEqual(targets);
  });

  test('a body over the limit is refused: at once by its length, or when it has come', () => {
    const sim = new Simulation();
    sim.maxBodyBytes = 10;
    const announced = sim.client();
    announced.send('POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 11\r\n\r\n');
    expect(announced.answer).toMatchObject({
      status: 413,
      headers: { 'fusebox-reason': 'body-too-large', connection: 'close' },
    });
    sim.service.behave = ({ lines }) => (lines.some((line) => /chunked/.test(line)) ? { act: 'hang' } : {});
    const dripped = sim.client();
    dripped.send('POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    sim.advance(0);
    expect(dripped.answers).toHaveLength(0);
    dripped.send('5\r\nhello\r\n');
    expect(dripped.answer.status).toBe(413);
    sim.advance(0);
    expect(sim.service.open).toBe(0);
    const short = sim.client();
    short.send('POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 10\r\n\r\n0123456789');
    sim.advance(0);
    expect(short.answer.status).toBe(200);
  });

  test('draining, answers ask the client to go elsewhere, and are served', () => {
    const sim = new Simulation();
    const client = sim.client();
    sim.inbound.drain();
    client.get('/a');
    sim.advance(0);
    expect(client.answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(client.ended).toBe(true);
  });

  test('at the end whoever still waits is refused as draining', () => {
    const sim = new Simulation(policy('{defaults: {concurrency: {maxConcurrent: 1, queue: {size: 5, timeout: 10m}}}}'));
    sim.service.behave = () => ({ act: 'hang' });
    sim.get('/a');
    const waiting = sim.get('/b');
    sim.inbound.abandonWaiting();
    sim.settle();
    expect(waiting.answer).toMatchObject({ status: 503, headers: { 'fusebox-reason': 'draining' } });
  });
});
