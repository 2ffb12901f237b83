/** The sample service as it runs in earnest, with workers, PostgreSQL and Redis, while its configuration file is edited. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { RedisServer } from './support/redis-server.ts';
import { startSample, type SampleProcess } from './support/sample-process.ts';
import { newFolder, replaceFile } from './support/settings.ts';
import { until } from './support/until.ts';

const why = whyNotTested('the service with workers, PostgreSQL and Redis', ['postgres', 'redis-server']);

const workers = 3;
const users = 20;

describe.skipIf(why !== null)('the service with workers, PostgreSQL and Redis', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let sample: SampleProcess;
  let url: string;
  const path = (): string => join(folder.path, 'config.yaml');
  const text = (ttlSeconds: number | string, profiles: boolean): string =>
    `server: {workers: ${workers}}\ncache: {ttl_seconds: ${ttlSeconds}}\n` +
    `feature_flags: {enable_profiles: ${profiles}, enable_user_cache: true}\n`;

  beforeAll(async () => {
    [postgres, redis, folder] = await Promise.all([PostgresServer.start(), RedisServer.start(), newFolder()]);
    writeFileSync(path(), text(60, false));
    const started = await startSample({
      args: ['--config', path(), '--seed-users', String(users)],
      env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url },
    });
    ({ process: sample, url } = started);
    await until('all workers listen', () => said('listening').length === workers);
  });
  afterAll(async () => {
    await sample?.stop();
    await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.kill(), folder?.remove()]);
  });

  const said = (message: string, from = 0) => sample.lines.slice(from).filter((line) => line.message === message);
  const get = (target: string): Promise<Response> => fetch(`${url}${target}`, { headers: { connection: 'close' } });
  const put = (id: number, email: string): Promise<Response> =>
    fetch(`${url}/users/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ email }),
    });
  const counted = async (result: string): Promise<number> => {
    const line = new RegExp(`^users_cache_reads_total\\{result="${result}"\\} (\\d+)$`, 'm');
    return Number(line.exec(await (await get('/metrics')).text())![1]);
  };

  test('every worker follows an edit, refuses a bad one, and says what waits for a restart', async () => {
    let from = sample.lines.length;
    await replaceFile(path(), text(30, true));
    await until('all have changed', () => said('settings changed', from).length === workers);
    expect(said('settings changed', from)[0]).toMatchObject({
      changes: ['cache.ttl_seconds: 60 → 30', 'feature_flags.enable_profiles: false → true'],
    });
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await get('/api/profiles')).status));
    expect(new Set(statuses)).toEqual(new Set([200]));

    from = sample.lines.length;
    await replaceFile(path(), text('soon', false));
    const refused = 'settings refused, the last good ones stay in force';
    await until('all have refused', () => said(refused, from).length === workers);
    expect(said(refused, from)[0]).toMatchObject({
      faults: [`${path()}:2: cache.ttl_seconds must be a number from 0 to 86400`],
    });
    expect((await get('/api/profiles')).status).toBe(200);

    from = sample.lines.length;
    await replaceFile(
      path(),
      `${text(30, true)}database: {url: "postgres://me:secret@elsewhere/x"}\nlog: {level: debug}\n`,
    );
    await until('all have changed', () => said('settings changed', from).length === workers);
    expect(said('settings changed', from)[0]).toMatchObject({ changes: ['log.level: info → debug'] });
    await replaceFile(path(), text(30, true));
    await until('all have changed', () => said('settings changed', from).length === 2 * workers);
    expect(JSON.stringify(sample.lines)).not.toContain('secret');
  });

  test('whoever asks for metrics gets the sum of all workers', async () => {
    const before = (await counted('hit')) + (await counted('miss'));
    await Promise.all(Array.from({ length: 90 }, (_, index) => get(`/users/${(index % users) + 1}`)));
    const all = await Promise.all(
      Array.from({ length: 6 }, async () => (await counted('hit')) + (await counted('miss'))),
    );
    expect(new Set(all)).toEqual(new Set([before + 90]));
    expect(await counted('error')).toBe(0);
  });

  test('a change is seen at once, by whichever worker', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = (round % users) + 1;
      const email = `round${round}@example.com`;
      // Some are in the cache, and some on their way there.
      const readers = Array.from({ length: 9 }, () => get(`/users/${id}`));
      expect((await put(id, email)).status).toBe(200);
      await Promise.all(readers);
      const seen = await Promise.all(
        Array.from({ length: 9 }, async () => ((await (await get(`/users/${id}`)).json()) as { email: string }).email),
      );
      expect(new Set(seen)).toEqual(new Set([email]));
    }
  });

  test('while Redis is killed and comes back, no request fails, and each outage is told once by each worker', async () => {
    const from = sample.lines.length;
    const load = { goesOn: true, failed: 0, done: 0 };
    const reader = async (number: number): Promise<void> => {
      for (let turn = 0; load.goesOn; turn += 1) {
        const id = ((number + turn) % users) + 1;
        const { status } =
          turn % 10 === 9 ? await put(id, `load${number}-${turn}@example.com`) : await get(`/users/${id}`);
        load.done += 1;
        if (status !== 200) load.failed += 1;
      }
    };
    const readers = Array.from({ length: 6 }, (_, number) => reader(number));
    await redis.kill();
    const away = 'the cache is away, the database answers instead';
    await until('all workers miss it', () => said(away, from).length === workers);
    await redis.start();
    await until('all workers use it again', () => said('the cache is back', from).length === workers);
    load.goesOn = false;
    await Promise.all(readers);
    expect(load).toMatchObject({ failed: 0 });
    expect(said(away, from)).toHaveLength(workers);
    expect(await counted('error')).toBeGreaterThan(0);
  });
});
