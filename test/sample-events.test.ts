/** Messaging of the sample service as its users run it, on real parts: what becomes of events when one of them fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Database } from '@fusebox/sample-service/database/database.ts';
import type { Verdict } from '@fusebox/sample-service/events/bus.ts';
import { createInbox, type Inbox } from '@fusebox/sample-service/events/inbox.ts';
import { JetStreamBus } from '@fusebox/sample-service/events/jetstream-bus.ts';
import { createMailer, type Mailer } from '@fusebox/sample-service/events/mailer.ts';
import { USER_CREATED } from '@fusebox/sample-service/events/user-created.ts';
import { welcomeMail } from '@fusebox/sample-service/events/welcome-mail.ts';
import { silentLog as log } from '@fusebox/sample-service/log.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MailServer } from './support/mail-server.ts';
import { NatsServer } from './support/nats-server.ts';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';
import { startSample } from './support/sample-process.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

const why = whyNotTested('events of the sample service', ['nats-server', 'postgres']);

const scope = backgroundScope('test');
const { random } = Math;
const rules = { maxDeliver: 10, backoff: { firstMs: 1, maxMs: 10 }, random };
const ann = { id: 1, email: 'ann@example.com', created_at: '2026-01-01T00:00:00.000Z' };

const main = resolve(import.meta.dirname, '../sample-service/src/main.ts');

/** What a command of the service wrote. */
async function runCommand(args: readonly string[], env: Record<string, string>): Promise<Record<string, unknown>[]> {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = (await text(child.stdout)).trim().split('\n');
  expect(await exited).toEqual([0, null]);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const createUser = async (url: string, email: string): Promise<number> => {
  const body = JSON.stringify({ email, password: 'a long password' });
  const answer = await fetch(`${url}/users`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await answer.body?.cancel();
  return answer.status;
};

describe.skipIf(why !== null)('events of the sample service', () => {
  let postgres: PostgresServer;
  let nats: NatsServer;
  let mails: MailServer;
  let databaseUrl: string;
  let folder: Awaited<ReturnType<typeof newFolder>>;
  beforeAll(async () => {
    folder = await newFolder();
    postgres = await PostgresServer.start();
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
    await folder.remove();
  });
  beforeEach(async () => {
    databaseUrl = postgres.newDatabase();
    [nats, mails] = await Promise.all([NatsServer.startJetStream(), MailServer.start()]);
  });
  afterEach(async () => {
    await nats[Symbol.asyncDispose]();
    await mails[Symbol.asyncDispose]();
  });

  const environment = () => ({ DATABASE_URL: databaseUrl, NATS_URL: nats.url, SMTP_URL: mails.url });
  /** The service with one worker, or more. */
  async function start(workers = 1, env: Record<string, string> = environment()) {
    const config = resolve(folder.path, `${workers}.yaml`);
    await writeFile(config, `server: { workers: ${workers} }`);
    return startSample({ args: ['--config', config], env });
  }
  const openOwnDatabase = (): Promise<Database> => openSampleDatabase({ 'database.url': databaseUrl });
  const openBus = (ackWaitMs = 30_000): JetStreamBus =>
    new JetStreamBus({ url: nats.url, stream: 'USERS', log, random, rules, onDeath() {}, ackWaitMs });
  const publish = (bus: JetStreamBus, id: string, payload: unknown): Promise<boolean> =>
    until('it is published', () =>
      bus.publish({ id, subject: USER_CREATED, payload, requestId: id, traceparent: null }).then(
        () => true,
        () => false,
      ),
    );

  test('whoever signs up gets one mail, from one of two workers', async () => {
    const { process: service, url } = await start(2);
    await using _ = service;
    for (const name of ['ann', 'bob', 'eve']) expect(await createUser(url, `${name}@example.com`)).toBe(201);
    expect(await createUser(url, 'ann@example.com')).toBe(409);
    await until('the mails are there', () => mails.received.length >= 3);
    expect(await service.stop()).toBe(0);
    expect(mails.received.map(({ to }) => to).sort()).toEqual(['ann', 'bob', 'eve'].map((it) => `${it}@example.com`));
  });

  test('requests succeed while the broker is away, and it gets all of it when it is back', async () => {
    await nats.kill();
    const { process: service, url } = await start();
    await using _ = service;
    const emails = Array.from({ length: 12 }, (_unused, n) => `user${n}@example.com`);
    for (const [n, email] of emails.entries()) {
      if (n === 3 || n === 9) await nats.start();
      if (n === 6) await nats.kill();
      expect(await createUser(url, email)).toBe(201);
    }
    await until('the mails are there', () => mails.received.length >= emails.length, 20_000);
    expect(await service.stop()).toBe(0);
    expect(mails.received.map(({ to }) => to).sort()).toEqual(emails.sort());
  });

  test('the database may restart while events are under way', async () => {
    const { process: service, url } = await start();
    await using _ = service;
    const created: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      if (n === 4) {
        await postgres.stop('immediate');
        await postgres.start();
      }
      const email = `user${n}@example.com`;
      if ((await createUser(url, email)) === 201) created.push(email);
    }
    await until('the mails are there', () => mails.received.length >= created.length, 20_000);
    expect(created.length).toBeGreaterThanOrEqual(4);
    expect(new Set(mails.received.map(({ to }) => to))).toEqual(new Set(created));
    await service.stop();
  });

  test('without a broker and a mail server, the mail is in the log', async () => {
    const { process: service, url } = await start(1, {});
    await using _ = service;
    expect(await createUser(url, 'ann@example.com')).toBe(201);
    expect(await service.logged('mail')).toMatchObject({ mail: { to: [{ address: 'ann@example.com' }] } });
    expect(await service.stop()).toBe(0);
  });

  test('what is under way when the service is stopped is finished', async () => {
    const { process: service, url } = await start();
    await using _ = service;
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    mails.beforeAccepting = () => held;
    await createUser(url, 'ann@example.com');
    await until('the mail is under way', () => mails.received.length === 1);
    const stopped = service.stop();
    await service.logged('stopping');
    release();
    expect(await stopped).toBe(0);
    const database = await openOwnDatabase();
    const done = { name: 'done', text: 'select from inbox where done_at is not null' };
    expect(await database.rows(scope, done, [])).toHaveLength(1);
    await database.close();
  });

  test('a dead letter stops nobody, is in the log, and can be sent again', async () => {
    const { process: service, url } = await start();
    await using _ = service;
    mails.refused.add('ann@example.com');
    const bus = openBus();
    await publish(bus, 'bad', { nobody: true });
    await bus.close();
    expect(await createUser(url, 'ann@example.com')).toBe(201);
    expect(await createUser(url, 'bob@example.com')).toBe(201);
    await until('the good one is sent', () => mails.received.length === 1);
    expect(mails.received[0]!.to).toBe('bob@example.com');
    const dead = 'a message became a dead letter';
    await until('two are dead', () => service.lines.filter(({ message }) => message === dead).length === 2);
    expect(service.lines.filter(({ message }) => message === dead)).toMatchObject([
      { event_id: 'bad', reason: expect.stringMatching(/^is no user.created/), consumer: 'welcome-mail', attempts: 1 },
      { subject: USER_CREATED, reason: expect.stringMatching(/^the mail server refused it: .*550/), attempts: 1 },
    ]);

    const shown = await runCommand(['redrive-dead-letters', '--dry-run'], environment());
    expect(shown).toMatchObject([
      {},
      { message: 'dead letter', event_id: 'bad', subject: USER_CREATED, consumer: 'welcome-mail', attempts: 1 },
      { message: 'dead letter', reason: expect.stringContaining('550') },
      { message: 'dead letters found', count: 2 },
    ]);
    mails.refused.clear();
    const sent = await runCommand(['redrive-dead-letters'], environment());
    expect(sent.at(-1)).toMatchObject({ message: 'dead letters sent again', count: 2 });
    await until('she gets it', () => mails.ids('ann@example.com').length === 1);
    await until(
      'the bad one is dead again',
      () => service.lines.filter(({ message }) => message === dead).length === 3,
    );
    const rest = await runCommand(['redrive-dead-letters', '--dry-run', '--limit', '5'], environment());
    expect(rest.filter(({ message }) => message === 'dead letter')).toMatchObject([{ event_id: 'bad' }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('users_dead_letters_total{consumer="welcome-mail"} 3');
    expect(metrics).toContain('users_events_total{result="published"} 2');
    expect(await service.stop()).toBe(0);
    expect(mails.received).toHaveLength(2);
  });

  describe('a consumer that dies', () => {
    const claimMs = 50;
    /** Lives until it has done this: then it hears and says nothing any more, as if it were killed. */
    async function dieAfter(step: 'claim' | 'send' | 'done', database: Database): Promise<JetStreamBus> {
      const bus = openBus(100);
      const { promise: died, resolve: die } = Promise.withResolvers<void>();
      const never = new Promise<never>(() => {});
      const real: Inbox = createInbox(database, 'welcome-mail', claimMs);
      const mailer = createMailer({ url: mails.url, from: () => 'us@example.com', connections: 1, log });
      const stopAt = async <T>(own: typeof step, work: Promise<T>): Promise<T> => {
        const result = await work;
        if (own !== step) return result;
        die();
        return never;
      };
      const inbox: Inbox = {
        ...real,
        claim: (...args) => stopAt('claim', real.claim(...args)),
        done: (...args) => stopAt('done', real.done(...args)),
      };
      const dying: Mailer = { close() {}, send: (mail) => stopAt('send', mailer.send(mail)) };
      const handler = welcomeMail({ inbox, mailer: dying, random, signal: AbortSignal.abort() });
      bus.consume({ durable: 'welcome-mail', subject: USER_CREATED, concurrency: 1 }, handler);
      await publish(bus, 'event-1', ann);
      await died;
      await bus.close();
      mailer.close();
      return bus;
    }

    test.each([
      { step: 'claim', mails: 1, what: 'before the mail was sent: it is sent once' },
      {
        step: 'send',
        mails: 2,
        what: 'before the inbox knows, in the window of SMTP: twice, with the same Message-ID',
      },
      { step: 'done', mails: 1, what: 'before the broker knows: it is not sent again' },
    ] as const)('$what', async ({ step, mails: count }) => {
      const database = await openOwnDatabase();
      await dieAfter(step, database);
      const survivor = openBus(100);
      const inbox = createInbox(database, 'welcome-mail', claimMs);
      const mailer = createMailer({ url: mails.url, from: () => 'us@example.com', connections: 1, log });
      const handler = welcomeMail({ inbox, mailer, random, signal: AbortSignal.abort() });
      let verdict: Verdict | null = null;
      const options = { durable: 'welcome-mail', subject: USER_CREATED, concurrency: 1 };
      const subscription = survivor.consume(options, async (delivery, own) => {
        verdict = await handler(delivery, own);
        return verdict;
      });
      await until('it is done with', () => verdict === 'done');
      await subscription.stop();
      await survivor.close();
      mailer.close();
      await database.close();
      expect(mails.ids()).toEqual(Array.from({ length: count }, () => '<event-1@users.example.com>'));
    });
  });
});
