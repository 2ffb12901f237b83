/**
 * Welcomes a new user by e-mail: once, as far as SMTP allows. The one window: the service dies, or loses the database for
 * good, after the mail server said 250 and before the inbox knows. Then the mail is sent again, with the same
 * `Message-ID`, by which mail servers and readers can tell that they have it. Nothing can close that window: SMTP cannot
 * be asked whether it has a message. The other order, first the inbox and then the mail, would lose mails instead.
 */
import { randomUUID } from 'node:crypto';
import Value from 'typebox/value';
import { backoffMs } from './backoff.ts';
import type { Delivery, Handler, Verdict } from './bus.ts';
import type { Inbox } from './inbox.ts';
import type { Mail, Mailer } from './mailer.ts';
import { UserCreated } from './user-created.ts';
import { wait, type Wait } from './wait.ts';

export interface WelcomeMailParts {
  inbox: Inbox;
  mailer: Mailer;
  random: () => number;
  /** Cuts short the tries to reach the inbox. */
  signal: AbortSignal;
  wait?: Wait;
}

/** The inbox is tried so often (count), over some twelve seconds: a restart of the database takes less. */
const inboxTries = 8;
const inboxBackoff = { firstMs: 100, maxMs: 5_000 };

/** Handles `user.created`. What is not of its shape, and what the mail server refuses for good, is dead. */
export function welcomeMail(parts: WelcomeMailParts): Handler {
  const { inbox, mailer } = parts;
  return async (delivery, scope): Promise<Verdict> => {
    const { id, payload } = delivery;
    if (!Value.Check(UserCreated, payload)) return { dead: faultsOf(payload) };
    const claimId = randomUUID();
    const claim = await persist(() => inbox.claim(scope, id, claimId), parts);
    if (claim === 'done') return 'done';
    if (claim !== 'claimed') return { retryInMs: claim.busyForMs };
    let result;
    try {
      result = await mailer.send(mailOf(delivery, payload));
    } catch (error) {
      await persist(() => inbox.release(scope, id), parts);
      throw error;
    }
    if (result !== 'sent') {
      await persist(() => inbox.release(scope, id), parts);
      return { dead: `the mail server refused it: ${result.refused}` };
    }
    await persist(() => inbox.done(scope, id), parts);
    return 'done';
  };
}

/** While the database is away one does not know what it has written: the same is asked again. */
async function persist<T>(ask: () => Promise<T>, { random, signal, wait: pause = wait }: WelcomeMailParts): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === inboxTries || signal.aborted) throw error;
      await pause(backoffMs(inboxBackoff, tries, random), signal);
    }
  }
}

/** Fixed: a Message-ID that followed `mail.from` might change between two tries. */
const messageIdDomain = 'users.example.com';

const mailOf = ({ id }: Delivery, { email }: UserCreated): Mail => ({
  messageId: `<${id}@${messageIdDomain}>`,
  to: email,
  subject: 'Welcome',
  text: `Welcome! Your account for ${email} is ready.\n`,
});

/** Says which fields are wrong, and nothing of what they hold. */
function faultsOf(payload: unknown): string {
  const faults = Value.Errors(UserCreated, payload).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return `is no user.created: ${faults.join(', ').trim()}`;
}
