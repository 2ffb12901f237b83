import { describe, expect, test } from 'vitest';
import { createLog, type LogFields, silentLog } from '../log.ts';
import { backgroundScope } from '../scope.ts';
import type { Delivery } from './bus.ts';
import type { Claim, Inbox } from './inbox.ts';
import { createMailer, type Mail, type Mailer, type MailResult } from './mailer.ts';
import { welcomeMail } from './welcome-mail.ts';

const scope = backgroundScope('test');
const delivery = (payload: unknown): Delivery => ({
  id: 'event-1',
  subject: 'user.created',
  payload,
  requestId: 'request-1',
  traceparent: null,
  attempt: 1,
});
const ann = { id: 1, email: 'ann@example.com', created_at: '2026-01-01T00:00:00.000Z' };

/** An inbox and a mail server in memory, which say what they are told to say, and what was done in which order. */
function desk(says: { claim?: Claim; send?: MailResult | Error; failingWrites?: number } = {}) {
  const { claim = 'claimed', send = 'sent', failingWrites = 0 } = says;
  const steps: string[] = [];
  const mails: Mail[] = [];
  const inbox: Inbox = {
    async claim() {
      steps.push('claim');
      return claim;
    },
    async done() {
      steps.push('done');
      if (steps.filter((step) => step === 'done').length <= failingWrites) throw new Error('the database is away');
    },
    async release() {
      steps.push('release');
    },
    async forgetOld() {},
  };
  const mailer: Mailer = {
    async send(mail) {
      steps.push('send');
      mails.push(mail);
      if (send instanceof Error) throw send;
      return send;
    },
    close() {},
  };
  const waitsMs: number[] = [];
  const wait = async (ms: number): Promise<void> => void waitsMs.push(ms);
  const handle = welcomeMail({ inbox, mailer, random: () => 0, signal: new AbortController().signal, wait });
  return { steps, mails, waitsMs, handle };
}

describe('a welcome mail', () => {
  test('is sent to the new user, and then noted', async () => {
    const { handle, steps, mails } = desk();
    expect(await handle(delivery(ann), scope)).toBe('done');
    expect(steps).toEqual(['claim', 'send', 'done']);
    expect(mails).toEqual([
      {
        messageId: '<event-1@users.example.com>',
        to: 'ann@example.com',
        subject: 'Welcome',
        text: expect.stringContaining('ann@example.com'),
      },
    ]);
  });

  test('is not sent again', async () => {
    const { handle, mails } = desk({ claim: 'done' });
    expect(await handle(delivery(ann), scope)).toBe('done');
    expect(mails).toEqual([]);
  });

  test('is not sent while somebody else is at it', async () => {
    const { handle, mails } = desk({ claim: { busyForMs: 700 } });
    expect(await handle(delivery(ann), scope)).toEqual({ retryInMs: 700 });
    expect(mails).toEqual([]);
  });

  test('is tried again later when the mail server is away', async () => {
    const { handle, steps } = desk({ send: new Error('away') });
    await expect(handle(delivery(ann), scope)).rejects.toThrow('away');
    expect(steps).toEqual(['claim', 'send', 'release']);
  });

  test('is dead when the mail server refuses it for good', async () => {
    const { handle, steps } = desk({ send: { refused: '550 no such user' } });
    expect(await handle(delivery(ann), scope)).toEqual({ dead: 'the mail server refused it: 550 no such user' });
    expect(steps).toEqual(['claim', 'send', 'release']);
  });

  test('that was sent is noted as soon as the database is back', async () => {
    const { handle, steps, waitsMs } = desk({ failingWrites: 3 });
    expect(await handle(delivery(ann), scope)).toBe('done');
    expect(steps).toEqual(['claim', 'send', 'done', 'done', 'done', 'done']);
    expect(waitsMs).toEqual([50, 100, 200]);
  });

  test.each([
    { payload: null },
    { payload: 'ann' },
    { payload: {} },
    { payload: { ...ann, id: 'one' } },
    { payload: { ...ann, email: 'nobody' } },
    { payload: { ...ann, email: 'ann@example.com\r\nBcc: all@example.com' } },
    { payload: { ...ann, created_at: undefined } },
  ])('is not sent for $payload', async ({ payload }) => {
    const { handle, steps } = desk();
    const verdict = await handle(delivery(payload), scope);
    expect(verdict).toEqual({ dead: expect.stringMatching(/^is no user.created: /) });
    expect(JSON.stringify(verdict)).not.toContain('example.com');
    expect(steps).toEqual([]);
  });

  test('ignores what it does not know', async () => {
    expect(await desk().handle(delivery({ ...ann, name: 'Ann' }), scope)).toBe('done');
  });
});

test('without a mail server, mails are in the log', async () => {
  const lines: LogFields[] = [];
  const log = createLog(
    (line) => lines.push(JSON.parse(line) as LogFields),
    () => 'info',
    () => 0,
  );
  const mailer = createMailer({ url: undefined, from: () => 'Users <us@example.com>', connections: 1, log });
  await mailer.send({ messageId: '<a@b>', to: 'ann@example.com', subject: 'Welcome', text: 'Hello\n' });
  mailer.close();
  expect(lines).toMatchObject([
    {
      message: 'mail',
      mail: {
        messageId: '<a@b>',
        from: { address: 'us@example.com', name: 'Users' },
        to: [{ address: 'ann@example.com' }],
        subject: 'Welcome',
        text: 'Hello\n',
      },
    },
  ]);
});

test('a mail server that is away is an error', async () => {
  const mailer = createMailer({
    url: 'smtp://127.0.0.1:1',
    from: () => 'us@example.com',
    connections: 1,
    log: silentLog,
  });
  const sending = mailer.send({ messageId: '<a@b>', to: 'ann@example.com', subject: 'Welcome', text: '' });
  await expect(sending).rejects.toMatchObject({ code: 'ESOCKET' });
  mailer.close();
});
