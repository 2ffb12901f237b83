import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isFaulty } from './faults.ts';
import { startStandIn, type StandIn } from './stand-in.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ answer: ({ path }) => ({ status: 200, body: { path } }) });
});
afterAll(() => standIn.close());

const put = (body: string) => fetch(`${standIn.url}/faults`, { method: 'PUT', body });
beforeEach(() => put('{}'));

test('faults are switched by a PUT, and what it leaves out is as in good days', async () => {
  expect(await (await put('{"mode":"failing"}')).json()).toEqual({ mode: 'failing', share: 1, delay_ms: 1_000 });
  expect((await fetch(`${standIn.url}/thing`)).status).toBe(500);
  expect(await (await put('{}')).json()).toMatchObject({ mode: 'none' });
  expect(await (await fetch(`${standIn.url}/thing`)).json()).toEqual({ path: '/thing' });
});

test.each(['{"mode":"sleepy"}', '{"share":2}', '{"more":1}', 'nonsense', ''])('%j is refused', async (body) => {
  await put('{"mode":"failing"}');
  expect((await put(body)).status).toBe(400);
  expect(await (await fetch(`${standIn.url}/faults`)).json()).toMatchObject({ mode: 'failing' });
});

test('calls are counted, its own routes are not', async () => {
  const stats = async () => (await fetch(`${standIn.url}/stats`)).json() as Promise<{ calls: number; faulty: number }>;
  const before = await stats();
  await put('{"mode":"failing","share":0.5}');
  const statuses = [];
  for (let at = 0; at < 4; at++) statuses.push((await fetch(`${standIn.url}/thing`)).status);
  expect(statuses.filter((status) => status === 500)).toHaveLength(2);
  expect(await stats()).toEqual({ calls: before.calls + 4, faulty: before.faulty + 2 });
});

test('a share is spread evenly over the calls', () => {
  const pattern = (share: number) =>
    Array.from({ length: 8 }, (_, at) => (isFaulty(at + 1, share) ? 'x' : '.')).join('');
  expect([0, 0.25, 0.5, 1].map(pattern)).toEqual(['........', '...x...x', '.x.x.x.x', 'xxxxxxxx']);
});
