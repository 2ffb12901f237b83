/** One suite on PostgreSQL as a server and embedded: the same SQL, the same answers. */
import type { Database } from '@fusebox/sample-service/database/database.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { createUsers, EMAIL_TAKEN, type Users } from '@fusebox/sample-service/users/users.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';
import { newFolder } from './support/settings.ts';
import { SwallowingProxy } from './support/swallowing-proxy.ts';
import { until } from './support/until.ts';

const why = whyNotTested('a PostgreSQL server', ['postgres']);

const scope = backgroundScope('test');

const insert = { name: 'test-insert', text: "insert into users (email, password_hash) values ($1, 'none')" };
const count = { name: 'test-count', text: 'select count(*) as n from users' };
const notify = { name: 'test-notify', text: "select pg_notify('test', '')" };
const types = {
  name: 'test-types',
  text: `select $1::bigint as big, $2::jsonb as json, $3::timestamptz as time, $4::text as nothing, true as yes`,
};
const wrong = { name: 'test-wrong', text: 'select * from nowhere' };

let server: PostgresServer | null = null;
beforeAll(async () => {
  if (why === null) server = await PostgresServer.start();
});
afterAll(() => server?.[Symbol.asyncDispose]());

describe.each(why === null ? ['embedded', 'postgres'] : ['embedded'])('%s', (kind) => {
  let database: Database;
  let users: Users;
  const countUsers = async (): Promise<number> => (await database.rows<{ n: number }>(scope, count, []))[0]!.n;

  beforeAll(async () => {
    database = await openSampleDatabase(kind === 'postgres' ? { 'database.url': server!.newDatabase() } : {});
    users = createUsers(database);
  });
  afterAll(() => database?.close());
  beforeEach(async () => {
    await database.rows(scope, { name: 'test-empty', text: 'truncate users restart identity cascade' }, []);
  });

  test('says what it is', () => {
    expect(database.kind).toBe(kind);
  });

  test('values come back as what they are', async () => {
    const time = new Date('2026-01-01T00:00:00.123Z');
    const [row] = await database.rows(scope, types, [Number.MAX_SAFE_INTEGER, '{"a":[1]}', time, null]);
    expect(row).toEqual({ big: Number.MAX_SAFE_INTEGER, json: { a: [1] }, time, nothing: null, yes: true });
  });

  test('a wrong statement is an error with its SQLSTATE, and spoils nothing', async () => {
    await expect(database.rows(scope, wrong, [])).rejects.toMatchObject({ code: '42P01' });
    expect(await countUsers()).toBe(0);
  });

  test('a transaction that fulfils is kept, and one that rejects leaves nothing', async () => {
    const add = (email: string, end: () => unknown): Promise<unknown> =>
      database.transaction(scope, async (queries) => {
        await queries.rows(scope, insert, [email]);
        return end();
      });
    await expect(add('ada@example.com', () => 'kept')).resolves.toBe('kept');
    const failing = add('bob@example.com', () => {
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await countUsers()).toBe(1);
  });

  test('a statement that fails in a transaction undoes those before it', async () => {
    const failing = database.transaction(scope, async (queries) => {
      await queries.rows(scope, insert, ['ada@example.com']);
      await queries.rows(scope, wrong, []);
    });
    await expect(failing).rejects.toMatchObject({ code: '42P01' });
    expect(await countUsers()).toBe(0);
  });

  test('who listens is told, and no more after the end of it', async () => {
    let told = 0;
    const listening = await database.listen('test', () => told++);
    await database.rows(scope, notify, []);
    await until('the notification has come', () => told === 1);
    await listening.stop();
    await database.rows(scope, notify, []);
    expect(told).toBe(1);
  });

  test('users are created, read, changed and deleted', async () => {
    const ada = await users.create(scope, 'ada@example.com', 'none');
    if (ada === EMAIL_TAKEN) expect.unreachable();
    expect(ada).toEqual({ id: 1, email: 'ada@example.com', createdAt: ada.createdAt, updatedAt: ada.createdAt });
    expect(await users.get(scope, 1)).toEqual(ada);
    const changed = await users.update(scope, 1, { email: 'countess@example.com', passwordHash: null });
    expect(changed).toMatchObject({ id: 1, email: 'countess@example.com', createdAt: ada.createdAt });
    expect(await users.delete(scope, 1)).toBe(true);
    expect(await users.delete(scope, 1)).toBe(false);
    expect(await users.get(scope, 1)).toBeNull();
    expect(await users.update(scope, 1, { email: 'ada@example.com', passwordHash: null })).toBeNull();
  });

  test('of many who want one address at the same time one gets it, whatever its case', async () => {
    const emails = ['ada@example.com', 'ADA@example.com', 'Ada@Example.com', 'aDA@example.COM'];
    const results = await Promise.all(emails.map((email) => users.create(scope, email, 'none')));
    expect(results.filter((result) => result === EMAIL_TAKEN)).toHaveLength(3);
    expect(await countUsers()).toBe(1);
  });

  test('a page and the total are told together', async () => {
    await users.seed(scope, 5, 'none');
    const page = await users.page(scope, 2, 2);
    expect([page.users.map(({ id }) => id), page.total]).toEqual([[3, 2], 5]);
    expect(await users.page(scope, 2, 50)).toEqual({ users: [], total: 5 });
    expect((await users.before(scope, 2, 3)).map(({ id }) => id)).toEqual([2, 1]);
  });
});

test('an embedded database in a folder keeps its users', async () => {
  const folder = await newFolder();
  for (const expected of [0, 3]) {
    const database = await openSampleDatabase({ 'database.data_dir': `${folder.path}/users` });
    const users = createUsers(database);
    expect((await users.page(scope, 1, 0)).total).toBe(expected);
    await users.seed(scope, 3, 'none');
    await database.close();
  }
  await folder.remove();
});

describe.skipIf(why !== null)('a server', () => {
  test('several workers that start together make the tables once', async () => {
    const url = server!.newDatabase();
    const databases = await Promise.all(Array.from({ length: 5 }, () => openSampleDatabase({ 'database.url': url })));
    const versions = { name: 'test-versions', text: 'select version from schema_version where version > 0' };
    const [first] = databases;
    const found = await first!.rows<{ version: number }>(scope, versions, []);
    expect(found.map(({ version }) => version)).toContain(1);
    expect(new Set(found.map(({ version }) => version)).size).toBe(found.length);
    await Promise.all(databases.map((database) => database.close()));
  });

  test('a query that takes too long is ended, and the connection serves the next one', async () => {
    const overrides = { 'database.query_timeout_ms': 50, 'database.max_connections': 2 };
    const database = await openSampleDatabase({ 'database.url': server!.newDatabase(), ...overrides });
    const slow = { name: 'test-slow', text: 'select pg_sleep(60)' };
    await expect(database.rows(scope, slow, [])).rejects.toMatchObject({ code: 'database-timeout', status: 503 });
    expect(await database.rows(scope, count, [])).toEqual([{ n: 0 }]);
    await database.close();
  });

  test('a statement that fails costs no connection', async () => {
    const database = await openSampleDatabase({ 'database.url': server!.newDatabase(), 'database.max_connections': 2 });
    const backend = { name: 'test-backend', text: 'select pg_backend_pid() as pid' };
    const before = await database.rows(scope, backend, []);
    await expect(database.rows(scope, wrong, [])).rejects.toMatchObject({ code: '42P01' });
    await expect(database.transaction(scope, (queries) => queries.rows(scope, wrong, []))).rejects.toThrow('nowhere');
    expect(await database.rows(scope, backend, [])).toEqual(before);
    await database.close();
  });

  test('a connection whose other end has vanished is given up, and another one serves', async () => {
    await using proxy = await SwallowingProxy.start({ host: '127.0.0.1', port: server!.port });
    const url = server!.newDatabase().replace(`:${server!.port}/`, `:${proxy.port}/`);
    const database = await openSampleDatabase({ 'database.url': url, 'database.query_timeout_ms': 1 });
    await database.rows(scope, { name: 'test-one', text: 'select 1' }, []);
    proxy.swallow();
    await expect(database.rows(scope, count, [])).rejects.toMatchObject({ code: 'database-unavailable' });
    await until('another connection serves', () =>
      database.rows(scope, { name: 'test-one', text: 'select 1' }, []).then(
        () => true,
        () => false,
      ),
    );
    await database.close();
  });

  test('a server that is away is told as such, and used again when it is back', async () => {
    await using own = await PostgresServer.start();
    const database = await openSampleDatabase({ 'database.url': own.newDatabase() });
    let told = 0;
    const listening = await database.listen('test', () => told++);
    const running = database.rows(scope, { name: 'test-slow', text: 'select pg_sleep(60)' }, []);
    const inTransaction = database.transaction(scope, (queries) =>
      queries.rows(scope, { name: 'test-slow', text: 'select pg_sleep(60)' }, []),
    );
    const unavailable = { code: 'database-unavailable', status: 503 };
    const bothFail = Promise.all([
      expect(running).rejects.toMatchObject(unavailable),
      expect(inTransaction).rejects.toMatchObject(unavailable),
    ]);
    await until('both run', async () => {
      const active = {
        name: 'test-active',
        text: "select count(*) as n from pg_stat_activity where query ~ 'sleep' and state = 'active'",
      };
      return (await database.rows<{ n: number }>(scope, active, []))[0]!.n >= 3; // this one has the word in it, too
    });

    await own.stop('immediate');
    await bothFail;
    await expect(database.rows(scope, count, [])).rejects.toMatchObject(unavailable);
    await expect(database.transaction(scope, async () => {})).rejects.toMatchObject(unavailable);

    await own.start();
    expect(await database.rows(scope, count, [])).toEqual([{ n: 0 }]);
    // Notifications may have been missed: it is told once without one, and then of each again.
    await until('it listens again', () => told === 1);
    await database.rows(scope, notify, []);
    await until('the notification has come', () => told === 2);
    await listening.stop();
    await database.close();
  });
});
