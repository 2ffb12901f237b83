import { describe, expect, test } from 'vitest';
import { Simulation } from './testing/simulate.ts';

describe('Max-Forwards (RFC 9110 §7.6.2)', () => {
  test.each(['OPTIONS', 'TRACE'])('a %s that may be forwarded goes on with one hop less', (method) => {
    const sim = new Simulation();
    sim.client().send(`${method} /a HTTP/1.1\r\nHost: s\r\nMax-Forwards: 3\r\n\r\n`);
    sim.advance(0);
    expect(sim.service.requests[0]!.lines).toContain('Max-Forwards: 2');
  });

  test('an OPTIONS whose hops are used up is answered here', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send('OPTIONS * HTTP/1.1\r\nHost: s\r\nMax-Forwards: 0\r\n\r\n');
    expect(client.answer).toMatchObject({ status: 200, headers: { allow: expect.stringContaining('GET') }, body: '' });
    expect(sim.service.requests).toEqual([]);
  });

  test('a TRACE whose hops are used up shows the request, without secrets', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send(
      'TRACE /a HTTP/1.1\r\nHost: s\r\nCookie: hunter2\r\nX-Odd:  kept \r\nAuthorization: hunter2\r\nMax-Forwards: 0\r\n\r\n',
    );
    expect(client.answer).toMatchObject({ status: 200, headers: { 'content-type': 'message/http' } });
    expect(client.answer.body).toBe('TRACE /a HTTP/1.1\r\nHost: s\r\nX-Odd:  kept \r\nMax-Forwards: 0\r\n\r\n');
    client.get('/next');
    sim.advance(0);
    expect(client.answers).toHaveLength(2);
  });

  test('of any other method it means nothing', () => {
    const sim = new Simulation();
    sim.get('/a', { 'Max-Forwards': '0' });
    sim.advance(0);
    expect(sim.service.requests[0]!.lines).toContain('Max-Forwards: 0');
  });

  test('a number it must be', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send('OPTIONS /a HTTP/1.1\r\nHost: s\r\nMax-Forwards: x\r\n\r\n');
    expect(client.answer.status).toBe(400);
  });

  test('OPTIONS * reaches the service as it is', () => {
    const sim = new Simulation();
    sim.client().send('OPTIONS * HTTP/1.1\r\nHost: s\r\n\r\n');
    sim.advance(0);
    expect(sim.service.requests[0]).toMatchObject({ method: 'OPTIONS', target: '*' });
  });
});

describe('loops', () => {
  const via = (...passes: string[]): string =>
    `GET / HTTP/1.1\r\nHost: s\r\n${passes.map((each) => `Via: ${each}\r\n`).join('')}\r\n`;

  test('a request that came through here more than twice is refused', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send(via('1.1 other, 1.1 fusebox-sim', '1.1 fusebox-sim (note), HTTP/1.1 fusebox-sim'));
    expect(client.answer).toMatchObject({ status: 508, headers: { 'fusebox-reason': 'loop-detected' } });
  });

  test('twice it may', () => {
    const sim = new Simulation();
    const client = sim.client();
    client.send(via('1.1 fusebox-sim, 1.1 fusebox-simple', '1.1 fusebox-sim'));
    sim.advance(0);
    expect(client.answer.status).toBe(200);
    expect(sim.service.requests[0]!.lines.at(-3)).toBe('Via: 1.1 fusebox-sim');
  });
});
