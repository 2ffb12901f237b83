import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildApp, type AppParts } from './app.ts';
import type { Database } from './database/database.ts';
import type { FlagKey } from './flags/flags.ts';
import { openEmbedded } from './database/embedded.ts';
import { silentLog, type Log } from './log.ts';
import { backgroundScope } from './scope.ts';
import { createMetrics } from './metrics.ts';
import { wellBehaved } from './misbehave.ts';
import type { Profiles } from './profiles/profiles.ts';
import { ServiceError } from './service-error.ts';
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
    metrics: createMetrics(),
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

type Response = Awaited<ReturnType<FastifyInstance['inject']>>;
const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object): Promise<Response> =>
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

describe('pages', () => {
  const emailsOf = (response: Response): string[] => response.json<{ email: string }[]>().map(({ email }) => email);
  const next = (response: Response): string | undefined =>
    /<([^>]*)>; rel="next"/.exec(String(response.headers['link']))?.[1];

  test('following next by offset or by cursor shows every user once, newest first', async () => {
    await users.seed(scope, 45, 'none');
    for (const start of ['/users?limit=10', '/users?limit=10&cursor=']) {
      const seen: string[] = [];
      for (let url: string | undefined = start; url !== undefined;) {
        const response: Response = await call('GET', url);
        expect(response.statusCode).toBe(200);
        seen.push(...emailsOf(response));
        url = next(response);
      }
      expect(seen).toEqual(Array.from({ length: 45 }, (_, index) => `user${45 - index}@example.com`));
    }
  });

  test('by offset the total is told, also on a page beyond the end', async () => {
    await users.seed(scope, 3, 'none');
    for (const url of ['/users?limit=2', '/users?offset=100']) {
      expect((await call('GET', url)).headers['x-total-count']).toBe('3');
    }
  });

  test('a cursor skips nobody when users come in between', async () => {
    await users.seed(scope, 4, 'none');
    const first = await call('GET', '/users?limit=2&cursor=');
    await users.create(scope, 'new@example.com', 'none');
    expect(emailsOf(await call('GET', next(first)!))).toEqual(['user2@example.com', 'user1@example.com']);
  });

  test.each(['/users?cursor=nonsense', '/users?cursor=&offset=1'])('%s is 400 and names the cursor', async (url) => {
    const response = await call('GET', url);
    expect(response.statusCode).toBe(400);
    expect(response.json<{ errors: object[] }>().errors).toMatchObject([{ field: 'cursor' }]);
  });
});

describe('profiles of others', () => {
  const withProfiles = (of: Profiles['of']): Promise<Response> =>
    buildApp({ ...parts, profiles: { of } }).inject(`/users/${id}`);
  let id: number;
  beforeEach(async () => {
    id = await create('ada@example.com');
  });

  test('a user comes with the profile', async () => {
    const response = await withProfiles(async () => ({ profile: { displayName: 'Ada' } }));
    expect(response.json()).toMatchObject({ id, email: 'ada@example.com', profile: { displayName: 'Ada' } });
    expect(response.json()).not.toHaveProperty('profileMissing');
  });

  test('without the profile service the user comes all the same, and says why', async () => {
    const response = await withProfiles(async () => ({ missing: 'timeout' }));
    expect(response.json()).toMatchObject({ id, profile: null, profileMissing: 'timeout' });
  });

  test('the list of profiles is there while its flag is on', async () => {
    for (const step of ['on', 'off', 'on'] as const) {
      if (step === 'on') on.add('enable_profiles');
      else on.clear();
      expect((await call('GET', '/api/profiles')).statusCode).toBe(step === 'on' ? 200 : 404);
    }
  });

  test('while its flag is off, neither parameters nor the method matter', async () => {
    const statuses = async () => [
      (await call('GET', '/api/profiles?limit=x')).statusCode,
      (await call('POST', '/api/profiles', {})).statusCode,
    ];
    expect(await statuses()).toEqual([404, 404]);
    on.add('enable_profiles');
    expect(await statuses()).toEqual([400, 405]);
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

  test('each field that is wrong is named', async () => {
    const response = await call('POST', '/users', { email: 5, passwort: 'correct horse' });
    expect(response.json<{ errors: object[] }>().errors).toEqual(
      expect.arrayContaining([
        { field: 'email', message: 'must be string' },
        { field: 'password', message: 'is missing' },
        { field: 'passwort', message: 'is not known' },
      ]),
    );
  });

  test('a number in a body is not read as text', async () => {
    const response = await call('POST', '/users', { email: 'ada@example.com', password: 12_345_678 });
    expect(response.json<{ errors: object[] }>().errors).toEqual([{ field: 'password', message: 'must be string' }]);
  });

  test.each([
    ['text that is no JSON', { 'content-type': 'application/json' }, '{"email":', 400],
    ['nothing at all', { 'content-type': 'application/json' }, '', 400],
    ['another type', { 'content-type': 'text/plain' }, 'ada@example.com', 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'email=ada%40example.com', 415],
    ['too much', { 'content-type': 'application/json' }, `{"email":"${'a'.repeat(70_000)}"}`, 413],
  ])('%s as a body is a problem', async (_name, headers, payload, status) => {
    const response = await app.inject({ method: 'POST', url: '/users', headers, payload });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ status });
    expect(response.headers['content-type']).toMatch('application/problem+json');
  });

  test.each([
    ['PATCH', '/users/1', 'GET, HEAD, PUT, DELETE'],
    ['DELETE', '/users', 'GET, HEAD, POST'],
    ['POST', '/healthz?x=1', 'GET, HEAD'],
    ['PROPFIND', '/users/1/payments', 'POST'],
  ] as const)('%s %s is 405 and says what is allowed', async (method, url, allowed) => {
    const response = await app.inject({ method: method as 'PATCH', url });
    expect(response.statusCode).toBe(405);
    expect(response.headers['allow']).toBe(allowed);
    expect(response.headers['content-type']).toMatch('application/problem+json');
  });

  test('HEAD has what GET has, without the body', async () => {
    const id = await create('ada@example.com');
    const response = await app.inject({ method: 'HEAD', url: `/users/${id}` });
    expect([response.statusCode, response.body]).toEqual([200, '']);
  });

  test('a path that cannot be decoded is a 400 problem', async () => {
    const response = await call('GET', '/users/%zz');
    expect(response.json()).toMatchObject({ status: 400 });
  });

  test('what is no HTTP is a 400 problem', async () => {
    const raw = buildApp(parts);
    await raw.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect((raw.server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.write('no such thing\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json/s);
    await raw.close();
  });

  test('who finds no place is told when to come again', async () => {
    const full = { ...users, page: () => Promise.reject(new ServiceError('overloaded', 'Too many wait.')) };
    const response = await buildApp({ ...parts, users: full }).inject('/users');
    expect(response.json()).toMatchObject({ status: 503, code: 'overloaded', detail: 'Too many wait.' });
    expect(response.headers['retry-after']).toBe('1');
    expect(await parts.metrics.text()).toContain('users_refusals_total{code="overloaded"} 1');
  });

  test('a request keeps its id, or is given one', async () => {
    const kept = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'req-1' } });
    expect(kept.headers['x-request-id']).toBe('req-1');
    const strange = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'a b' } });
    expect(strange.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  });

  test('not ready is a 503 problem', async () => {
    const readiness = { whyNot: async () => 'The service is stopping.', stopping() {} };
    const response = await buildApp({ ...parts, readiness }).inject('/readyz');
    expect(response.json()).toMatchObject({ status: 503, code: 'not-ready', detail: 'The service is stopping.' });
    expect((await call('GET', '/readyz')).json()).toEqual({ status: 'ok' });
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

test('metrics are text, and read only', async () => {
  const { body, headers } = await call('GET', '/metrics');
  expect(body).toContain('# TYPE users_refusals_total counter');
  expect(headers['content-type']).toBe(parts.metrics.contentType);
  expect((await call('POST', '/metrics', {})).statusCode).toBe(405);
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
    for (const path of ['/misbehave', '/healthz', '/metrics', '/openapi.json']) {
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
