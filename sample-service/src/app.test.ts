import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildApp, type AppParts } from './app.ts';
import type { Database } from './database/database.ts';
import type { FlagKey } from './flags/flags.ts';
import { openEmbedded } from './database/embedded.ts';
import { silentLog, type Log } from './log.ts';
import { backgroundScope } from './scope.ts';
import { wellBehaved } from './misbehave.ts';
import { createUsers, type Users } from './users/users.ts';

const scope = backgroundScope('test');
let database: Database;
let users: Users;
let parts: AppParts;
const on = new Set<FlagKey>();
let app: FastifyInstance;
const slept: number[] = [];
const chance = { draw: 0 };
const misbehave = {
  current: wellBehaved,
  random: () => chance.draw,
  sleep: (ms: number) => Promise.resolve(slept.push(ms)),
};

beforeAll(async () => {
  database = await openEmbedded(null);
  users = createUsers(database);
  parts = {
    users,
    misbehave,
    log: silentLog,
    profiles: { of: () => null },
    payments: { pay: async () => ({ kind: 'not-set' }) },
    isTraced: false,
    flags: { isOn: (key) => on.has(key) },
    hash: async () => 'hash',
    readiness: { whyNot: async () => null, stopping() {} },
  };
  app = buildApp(parts);
});
afterAll(async () => {
  await app.close();
  await database.close();
});
beforeEach(async () => {
  misbehave.current = wellBehaved;
  slept.length = 0;
  on.clear();
  for (const user of (await users.page(scope, 100, 0)).users) await users.delete(scope, user.id);
});

const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) =>
  app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) } satisfies InjectOptions);
const create = async (email: string): Promise<number> => {
  const response = await call('POST', '/users', { email, password: 'correct horse' });
  return response.json<{ id: number }>().id;
};

describe('users', () => {
  test('a new user is answered with its location and without its password', async () => {
    const response = await call('POST', '/users', { email: 'ada@example.com', password: 'correct horse' });
    expect(response.statusCode).toBe(201);
    const user = response.json<{ id: number }>();
    expect(Object.keys(user)).toEqual(['id', 'email', 'createdAt', 'updatedAt']);
    expect(response.headers['location']).toBe(`/users/${user.id}`);
    expect((await call('GET', `/users/${user.id}`)).json()).toEqual(user);
  });

  test('the list is newest first and obeys limit and offset', async () => {
    for (const name of ['a', 'b', 'c']) await users.create(scope, `${name}@example.com`, 'none');
    const emails = async (query: string) =>
      (await call('GET', `/users${query}`)).json<{ email: string }[]>().map((user) => user.email.charAt(0));
    expect(await emails('')).toEqual(['c', 'b', 'a']);
    expect(await emails('?limit=1')).toEqual(['c']);
    expect(await emails('?limit=2&offset=1')).toEqual(['b', 'a']);
  });

  test('twenty users are listed where no limit is asked for', async () => {
    await users.seed(scope, 25, 'none');
    expect((await call('GET', '/users')).json()).toHaveLength(20);
  });

  test('an e-mail address belongs to one user, whatever its case', async () => {
    const first = await create('ada@example.com');
    const second = await create('bob@example.com');
    const again = await call('POST', '/users', { email: 'ADA@example.com', password: 'correct horse' });
    expect(again.statusCode).toBe(409);
    expect((await call('PUT', `/users/${second}`, { email: 'Ada@example.com' })).statusCode).toBe(409);
    expect((await call('PUT', `/users/${first}`, { email: 'Ada@example.com' })).statusCode).toBe(200);
  });

  test('a user can be changed and deleted', async () => {
    const id = await create('ada@example.com');
    const changed = await call('PUT', `/users/${id}`, { email: 'countess@example.com', password: 'another horse' });
    expect(changed.json()).toMatchObject({ id, email: 'countess@example.com' });
    expect((await call('DELETE', `/users/${id}`)).statusCode).toBe(204);
    expect((await call('GET', `/users/${id}`)).statusCode).toBe(404);
  });

  test('a user that does not exist is 404 to every method', async () => {
    const email = 'ada@example.com';
    const all = [
      call('GET', '/users/999999'),
      call('PUT', '/users/999999', { email }),
      call('DELETE', '/users/999999'),
    ];
    expect((await Promise.all(all)).map((response) => response.statusCode)).toEqual([404, 404, 404]);
  });

  test('profiles show a name made from the e-mail address', async () => {
    on.add('enable_profiles');
    const userId = await create('ada.lovelace@example.com');
    expect((await call('GET', '/api/profiles')).json()).toEqual([{ userId, displayName: 'Ada Lovelace' }]);
  });

  test('seeding changes nothing where there are users', async () => {
    await create('ada@example.com');
    await users.seed(scope, 5, 'none');
    expect((await users.page(scope, 100, 0)).total).toBe(1);
  });
});

describe('problems', () => {
  test.each([
    ['POST', '/users', { email: 'no address', password: 'correct horse' }],
    ['POST', '/users', { email: 'ada@example.com' }],
    ['POST', '/users', { email: 'ada@example.com', password: 'short' }],
    ['POST', '/users', { email: 'ada@example.com', password: 'correct horse', admin: true }],
    ['PUT', '/users/1', {}],
    ['GET', '/users/first', undefined],
    ['GET', '/users/0', undefined],
    ['GET', '/users?limit=101', undefined],
    ['GET', '/users?offset=-1', undefined],
    ['PUT', '/misbehave', { failRatio: 2 }],
  ] as const)('%s %s with %j is 400', async (method, url, body) => {
    const response = await call(method, url, body);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toMatch('application/problem+json');
    expect(response.json()).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 });
  });

  test('an unknown path is a 404 problem', async () => {
    const response = await call('GET', '/nowhere');
    expect(response.json()).toMatchObject({ status: 404, detail: 'There is no GET /nowhere.' });
  });

  test('a fault of the service is logged and tells the client nothing', async () => {
    const seen: Error[] = [];
    const broken = { ...users, page: () => Promise.reject(new Error('secret')) };
    const log: Log = { ...silentLog, error: (_message, fields) => seen.push(fields?.['error'] as Error) };
    const failing = buildApp({ ...parts, users: broken, log });
    const response = await failing.inject('/users');
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(seen.map((error) => error.message)).toEqual(['secret']);
  });
});

describe('misbehaving', () => {
  test('a PUT replaces every field, and an empty one ends it', async () => {
    await call('PUT', '/misbehave', { delayMs: 5, failRatio: 0.5 });
    expect((await call('GET', '/misbehave')).json()).toEqual({ ...wellBehaved, delayMs: 5, failRatio: 0.5 });
    await call('PUT', '/misbehave', {});
    expect((await call('GET', '/misbehave')).json()).toEqual(wellBehaved);
  });

  test('answers are delayed', async () => {
    await call('PUT', '/misbehave', { delayMs: 250 });
    expect((await call('GET', '/users')).statusCode).toBe(200);
    expect(slept).toEqual([250]);
  });

  test('the share that fails has the status asked for', async () => {
    await call('PUT', '/misbehave', { failRatio: 0.5, status: 503 });
    chance.draw = 0.49;
    expect((await call('GET', '/users')).statusCode).toBe(503);
    chance.draw = 0.5;
    expect((await call('GET', '/users')).statusCode).toBe(200);
  });

  test('a dripped body comes in pieces and whole, with its length', async () => {
    await users.seed(scope, 3, 'none');
    const whole = await call('GET', '/users');
    await call('PUT', '/misbehave', { dripMs: 10 });
    const dripped = await call('GET', '/users');
    expect(dripped.body).toBe(whole.body);
    expect(dripped.headers['content-length']).toBe(String(whole.rawPayload.length));
    expect(slept).toEqual(Array(8).fill(10));
  });

  test('its own route, the health and the description always behave', async () => {
    await call('PUT', '/misbehave', { failRatio: 1, delayMs: 9, dripMs: 9 });
    chance.draw = 0;
    for (const path of ['/misbehave', '/healthz', '/openapi.json']) {
      expect((await call('GET', path)).statusCode).toBe(200);
    }
    expect(slept).toEqual([]);
  });

  test('a request that hangs is never answered, and closing the server ends it', async () => {
    const hanging = buildApp(parts);
    await hanging.listen({ port: 0, host: '127.0.0.1' });
    misbehave.current = { ...wellBehaved, hang: true };
    const arrived = new Promise((resolve) => hanging.server.once('request', resolve));
    const answer = fetch(`${hanging.listeningOrigin}/users`).then(
      () => 'answered',
      () => 'cut',
    );
    await arrived;
    hanging.server.closeAllConnections();
    expect(await answer).toBe('cut');
    await hanging.close();
  });
});
