import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addScopes } from './http/request-scope.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { startStandIn, type StandIn } from './stand-ins/stand-in.ts';

let service: StandIn;
let outgoing: Outgoing;
beforeAll(async () => {
  service = await startStandIn({ answer: () => ({ status: 200, body: {} }) });
  outgoing = createOutgoing();
});
afterAll(async () => {
  await outgoing.close();
  await service.close();
});

/** What the other service is told when a request with these headers makes the service call it. */
async function toldOn(headers: Record<string, string>): Promise<Record<string, unknown>> {
  const app = Fastify({ genReqId: () => 'request-1' });
  addScopes(app);
  app.get('/', async ({ scope }) => {
    const where = { baseUrl: service.url, path: '/', template: '/' };
    return (await outgoing.call(scope, { method: 'GET', ...where, timeoutMs: 10_000 })).body;
  });
  expect((await app.inject({ url: '/', headers })).statusCode).toBe(200);
  await app.close();
  return service.newest.at(-1)!.headers;
}

test("where tracing is off, the caller's trace goes on all the same", async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  expect(await toldOn({ traceparent })).toMatchObject({ traceparent, 'x-request-id': 'request-1' });
});

test.each([{}, { traceparent: 'nonsense' }])('without a caller that traces there is no trace: %j', async (headers) => {
  expect(await toldOn(headers)).not.toHaveProperty('traceparent');
});
