import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../database/database.ts';
import { openEmbedded } from '../database/embedded.ts';
import { backgroundScope } from '../scope.ts';
import { createInbox } from './inbox.ts';

const scope = backgroundScope('test');
let database: Database;
beforeAll(async () => {
  database = await openEmbedded(null);
});
afterAll(() => database.close());

const hourMs = 3_600_000;

test('what is done is done', async () => {
  const inbox = createInbox(database, 'mail', hourMs);
  expect(await inbox.claim(scope, 'done')).toBe('claimed');
  await inbox.done(scope, 'done');
  expect(await inbox.claim(scope, 'done')).toBe('done');
  await inbox.release(scope, 'done');
  expect(await inbox.claim(scope, 'done')).toBe('done');
});

test('what somebody is at is told with the time that is left to them', async () => {
  const inbox = createInbox(database, 'mail', hourMs);
  await inbox.claim(scope, 'busy');
  const { busyForMs } = (await inbox.claim(scope, 'busy')) as { busyForMs: number };
  expect(busyForMs).toBeGreaterThan(hourMs / 2);
  expect(busyForMs).toBeLessThanOrEqual(hourMs);
});

test('whoever has claimed an event may ask again, since the confirmation may have been lost', async () => {
  const inbox = createInbox(database, 'mail', hourMs);
  const [mine, other] = [randomUUID(), randomUUID()];
  expect(await inbox.claim(scope, 'asked-again', mine)).toBe('claimed');
  expect(await inbox.claim(scope, 'asked-again', mine)).toBe('claimed');
  expect(await inbox.claim(scope, 'asked-again', other)).toEqual({ busyForMs: expect.any(Number) });
});

test('a claim that ran out is free, and so is one that was given back', async () => {
  const hasty = createInbox(database, 'mail', 0);
  expect(await hasty.claim(scope, 'free')).toBe('claimed');
  const inbox = createInbox(database, 'mail', hourMs);
  expect(await inbox.claim(scope, 'free')).toBe('claimed');
  await inbox.release(scope, 'free');
  expect(await inbox.claim(scope, 'free')).toBe('claimed');
});

test('consumers do not know of each other', async () => {
  expect(await createInbox(database, 'mail', hourMs).claim(scope, 'shared')).toBe('claimed');
  expect(await createInbox(database, 'audit', hourMs).claim(scope, 'shared')).toBe('claimed');
});

test('what is old is forgotten, and nothing else', async () => {
  const inbox = createInbox(database, 'mail', hourMs);
  for (const id of ['old', 'new']) {
    await inbox.claim(scope, id);
    await inbox.done(scope, id);
  }
  const age = { name: 'age', text: `update inbox set claimed_until = now() - interval '101 days' where event_id = $1` };
  await database.rows(scope, age, ['old']);
  await inbox.forgetOld(scope);
  expect([await inbox.claim(scope, 'old'), await inbox.claim(scope, 'new')]).toEqual(['claimed', 'done']);
});
