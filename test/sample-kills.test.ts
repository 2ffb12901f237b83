/**
 * Processes that create users are killed between the commit and the broker's answer, in all places. Nothing is lost:
 * there is a mail for each user in the database; and nothing doubled: one. `SAMPLE_KILLS` says how often (100).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEvents } from '@fusebox/sample-service/events/start-events.ts';
import { silentLog as log } from '@fusebox/sample-service/log.ts';
import { createMetrics } from '@fusebox/sample-service/metrics.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { fixedSettings } from '@fusebox/sample-service/settings/live-settings.ts';
import { createUsers } from '@fusebox/sample-service/users/users.ts';
import { expect, test } from 'vitest';
import { MailServer } from './support/mail-server.ts';
import { NatsServer } from './support/nats-server.ts';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';
import { until } from './support/until.ts';

const kills = Number(process.env['SAMPLE_KILLS'] ?? 100);
const atATime = 3;
const patienceMs = 60_000 + kills * 2_000;

const scope = backgroundScope('test');
const creator = resolve(import.meta.dirname, 'sample-kills/creator.ts');
/** Most of a short life is loading. */
const compileCache = resolve(tmpdir(), 'fusebox-test-compiled');
const deathPlaces = ['before-publish', 'after-publish', 'never'];

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** One life. It dies at its place, or somewhere while it creates users. */
async function liveAndDie(databaseUrl: string, natsUrl: string, deathPlace: string): Promise<void> {
  const child = spawn(process.execPath, [creator, databaseUrl, natsUrl, deathPlace], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  running.add(child);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  // Those that kill themselves get there in this time, or are killed elsewhere.
  await Promise.race([pause(Math.random() * (deathPlace === 'never' ? 60 : 500)), exited]);
  child.kill('SIGKILL');
  const [, signal] = (await exited) as [unknown, string];
  running.delete(child);
  expect(signal).toBe('SIGKILL');
}

const why = whyNotTested('processes that are killed', ['nats-server', 'postgres']);

const title = `of ${kills} killed processes no event is lost, and none doubled`;
test.skipIf(why !== null)(title, { timeout: patienceMs }, async () => {
  await using postgres = await PostgresServer.start();
  await using nats = await NatsServer.startJetStream();
  await using mails = await MailServer.start();
  const settings = fixedSettings({ 'database.url': postgres.url, 'nats.url': nats.url, 'mail.smtp_url': mails.url });
  const database = await openSampleDatabase({ 'database.url': postgres.url });
  const events = await startEvents({ database, settings, log, metrics: createMetrics(), random: Math.random });

  let born = 0;
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let n = born++; n < kills; n = born++) {
        await liveAndDie(postgres.url, nats.url, deathPlaces[n % deathPlaces.length]!);
      }
    }),
  );
  // Its notification wakes the relay, which finds what the last of the dead left.
  await createUsers(database).create(scope, 'last@example.com', 'none');

  const all = async <Row>(name: string, text: string): Promise<Row[]> => database.rows<Row>(scope, { name, text }, []);
  const users = await all<{ email: string }>('all-users', 'select email from users');
  await until('the outbox is empty', async () => (await all('all-events', 'select from outbox')).length === 0, 30_000);
  await until('all mails are there', () => mails.received.length >= users.length, 30_000);
  await until('the inbox knows all of them', async () => {
    const done = await all('all-done', 'select from inbox where done_at is not null');
    return done.length === users.length;
  });
  await events.close(10_000);
  await database.close();

  expect(users.length).toBeGreaterThan(kills); // they did not die before they had done something
  expect(mails.received.map(({ to }) => to).sort()).toEqual(users.map(({ email }) => email).sort());
  expect(new Set(mails.ids()).size).toBe(users.length);
});
