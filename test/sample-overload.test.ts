/** The sample service with more work than it can do, with a database that comes and goes, and at its end. */
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';
import { startSample, type SampleProcess } from './support/sample-process.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

const why = whyNotTested('the sample service on PostgreSQL', ['postgres']);

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

const scope = backgroundScope('test');

/** `status` 0: the connection broke. */
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
function get(url: string, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const broken = (): void => resolve({ status: 0, headers: {}, body: '' });
    const asked = request(url, { agent, ...(signal !== undefined && { signal }) }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      response.on('error', broken);
    });
    asked.on('error', broken).end();
  });
}
const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

describe.skipIf(why !== null)('the sample service on PostgreSQL', () => {
  let server: PostgresServer;
  let database: string;
  let folder: Awaited<ReturnType<typeof newFolder>>;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(async () => {
    agent.destroy();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    database = server.newDatabase();
    folder = await newFolder();
  });
  afterEach(() => folder.remove());

  async function start(settings: object): ReturnType<typeof startSample> {
    const path = `${folder.path}/service.json`;
    await writeFile(path, JSON.stringify(settings));
    return startSample({ args: ['--config', path, '--seed-users', '50'], env: { DATABASE_URL: database } });
  }

  /** While it is held, every query that reads users waits. */
  async function lockUsers(): Promise<{ waiting(): Promise<number>; release(): Promise<void> }> {
    const own = await openSampleDatabase({ 'database.url': database });
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: onLocked } = Promise.withResolvers<void>();
    const holding = own.transaction(scope, async (queries) => {
      await queries.rows(scope, { name: 'test-lock', text: 'lock table users' }, []);
      onLocked();
      await released;
    });
    await locked;
    const waiting = {
      name: 'test-waiting',
      text: "select count(*) as n from pg_locks where not granted and relation = 'users'::regclass",
    };
    return {
      waiting: async () => (await own.rows<{ n: number }>(scope, waiting, []))[0]!.n,
      async release() {
        release();
        await holding;
        await own.close();
      },
    };
  }

  /** One that has its connection, and waits for the lock. */
  async function requestUnderWay(url: string) {
    const lock = await lockUsers();
    const answer = get(`${url}/users/1`);
    await until('the query waits in the database', async () => (await lock.waiting()) === 1);
    return { lock, answer };
  }

  test('of 1,000 at once all are answered, well or with an honest 503', async () => {
    const { process: sample, url } = await start({ server: { workers: 1 }, database: { max_connections: 5 } });
    await using _ending: AsyncDisposable = sample;
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => get(`${url}/users/${1 + (index % 50)}`)),
    );
    expect(count(answers, 200) + count(answers, 503)).toBe(1_000);
    expect(count(answers, 200)).toBeGreaterThanOrEqual(4);
    for (const { headers, body } of answers.filter(({ status }) => status === 503)) {
      expect(headers).toMatchObject({ 'retry-after': '1', 'content-type': expect.stringMatching('problem\\+json') });
      expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'overloaded' });
    }
    expect((await get(`${url}/users/1`)).status).toBe(200);
  });

  test('with a database that hangs nobody waits for it but those whose queries it has', async () => {
    const settings = { max_connections: 5, max_waiting: 100, max_wait_ms: 200, query_timeout_ms: 60_000 };
    const { process: sample, url } = await start({ server: { workers: 1 }, database: settings });
    await using _ending: AsyncDisposable = sample;
    const lock = await lockUsers();
    const answers: Answer[] = [];
    const all = Array.from({ length: 1_000 }, async () => answers.push(await get(`${url}/users/1`)));
    await until('all others have been refused', () => answers.length >= 996, 30_000);
    expect(count(answers, 503)).toBe(996);
    expect(await lock.waiting()).toBe(4);
    // The database being busy is no reason to take the service out.
    expect((await get(`${url}/readyz`)).status).toBe(200);
    await lock.release();
    await Promise.all(all);
    expect(count(answers, 200)).toBe(4);
  });

  test('clients that go away leave their places in the queue to others', async () => {
    const settings = { max_connections: 2, max_waiting: 3, max_wait_ms: 60_000, query_timeout_ms: 60_000 };
    const { process: sample, url } = await start({ server: { workers: 1 }, database: settings });
    await using _ending: AsyncDisposable = sample;
    const { lock, answer: inside } = await requestUnderWay(url);
    const clients = new AbortController();
    const impatient = Array.from({ length: 3 }, () => get(`${url}/users/2`, clients.signal));
    await until(
      'the queue is full',
      async () => (await get(`${url}/users/3`, AbortSignal.timeout(100))).status === 503,
    );

    clients.abort();
    expect((await Promise.all(impatient)).map(({ status }) => status)).toEqual([0, 0, 0]);
    const patient = Array.from({ length: 3 }, () => get(`${url}/users/4`));
    await until(
      'the queue is full again',
      async () => (await get(`${url}/users/5`, AbortSignal.timeout(100))).status === 503,
    );
    await lock.release();
    expect((await inside).status).toBe(200);
    expect((await Promise.all(patient)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a database restarted under load costs 503s and nothing else', async () => {
    await using own = await PostgresServer.start();
    database = own.newDatabase();
    const { process: sample, url } = await start({ server: { workers: 1 } });
    await using _ending: AsyncDisposable = sample;
    const answers: Answer[] = [];
    const end = new AbortController();
    const clients = Array.from({ length: 20 }, async (_, client) => {
      while (!end.signal.aborted) answers.push(await get(`${url}/users/${client + 1}`));
    });
    await until('there is load', () => count(answers, 200) > 200);
    await own.stop('immediate');
    await until('it is noticed', () => count(answers, 503) > 20);
    expect((await get(`${url}/readyz`)).status).toBe(503);
    expect((await get(`${url}/healthz`)).status).toBe(200);
    await own.start();
    const good = count(answers, 200);
    await until('it works again', () => count(answers, 200) > good + 200);
    expect((await get(`${url}/readyz`)).status).toBe(200);
    end.abort();
    await Promise.all(clients);
    expect(answers.length).toBe(count(answers, 200) + count(answers, 503));
    const codes = new Set(
      answers.filter(({ status }) => status === 503).map(({ body }) => (JSON.parse(body) as { code: string }).code),
    );
    expect([...codes].filter((code) => code !== 'overloaded')).toEqual(['database-unavailable']);
  });

  test('requests under way at SIGTERM are answered, and new ones have nowhere to go', async () => {
    const { process: sample, url } = await start({ server: { workers: 1 }, database: { query_timeout_ms: 60_000 } });
    await using _ending: AsyncDisposable = sample;
    const { lock, answer: underWay } = await requestUnderWay(url);
    sample.signal('SIGTERM');
    await sample.logged('stopping');
    await until('nobody gets in', async () => (await get(`${url}/healthz`)).status === 0);
    await lock.release();
    expect((await underWay).status).toBe(200);
    expect(await sample.exited).toBe(0);
  });

  test('what does not end in time is cut', async () => {
    const settings = { server: { workers: 1, shutdown_seconds: 0.2 }, database: { query_timeout_ms: 60_000 } };
    const { process: sample, url } = await start(settings);
    await using _ending: AsyncDisposable = sample;
    const { lock, answer: cut } = await requestUnderWay(url);
    sample.signal('SIGTERM');
    expect([(await cut).status, await sample.exited]).toEqual([0, 1]);
    await lock.release();
  });

  test('the second signal waits for nothing', async () => {
    const settings = { server: { workers: 1, shutdown_seconds: 3_600 }, database: { query_timeout_ms: 60_000 } };
    const { process: sample, url } = await start(settings);
    await using _ending: AsyncDisposable = sample;
    const { lock, answer: cut } = await requestUnderWay(url);
    sample.signal('SIGINT');
    await sample.logged('stopping');
    sample.signal('SIGINT');
    expect([(await cut).status, await sample.exited]).toEqual([0, 1]);
    await lock.release();
  });

  describe('with several workers', () => {
    const listeners = (sample: SampleProcess) => sample.lines.filter(({ message }) => message === 'listening');

    test('one that is killed is replaced, and the others serve meanwhile', async () => {
      const { process: sample, url } = await start({ server: { workers: 2 } });
      await using _ending: AsyncDisposable = sample;
      await until('both listen', () => listeners(sample).length === 2);
      const { pid, worker } = listeners(sample)[0] as unknown as { pid: number; worker: number };
      process.kill(pid, 'SIGKILL');
      await sample.logged('a worker has died');
      expect((await get(`${url}/users/1`)).status).toBe(200);
      await until('another one listens', () => listeners(sample).length === 3);
      expect(await sample.stop()).toBe(0);
      const stopped = sample.lines.filter(({ message }) => message === 'stopping').map((line) => line['worker']);
      expect(new Set(stopped)).toEqual(new Set([3 - worker, 3, undefined]));
    });

    test('where none can start, neither does the service', async () => {
      database = database.replace(/\w+$/, 'nowhere');
      await expect(start({ server: { workers: 2 } })).rejects.toThrow(
        'could not run: database "nowhere" does not exist',
      );
    });
  });
});
