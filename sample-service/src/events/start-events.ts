/** Technique: messaging. How its parts are joined; each is explained in its own file. */
import type { Database } from '../database/database.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { backgroundScope } from '../scope.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { EventBus } from './bus.ts';
import { announceDeaths } from './dead-letter.ts';
import { createInbox } from './inbox.ts';
import { InProcessBus } from './in-process-bus.ts';
import { JetStreamBus } from './jetstream-bus.ts';
import { createMailer } from './mailer.ts';
import { Relay } from './relay.ts';
import { redeliveryBackoff, type SettleRules } from './settle.ts';
import { USER_CREATED } from './user-created.ts';
import { welcomeMail } from './welcome-mail.ts';

export interface EventsEnvironment {
  /** With places of its own: what happens here may take long, and no client waits for it. */
  database: Database;
  settings: LiveSettings;
  log: Log;
  metrics: Pick<Metrics, 'events' | 'deadLetters'>;
  random: () => number;
}

export interface Events {
  /** Publishes what is in the outbox, finishes what is under way, and ends; within about `withinMs` (ms). */
  close(withinMs: number): Promise<void>;
}

/** Mails that are sent at a time (count). */
const mailsAtATime = 4;
/** Longer than a mail server may take for one mail, step by step (ms). */
const claimMs = 120_000;
const forgetEveryMs = 60 * 60_000;

/** Starts to publish what is in the outbox, and to send welcome mails. A broker that is away keeps nobody from starting. */
export async function startEvents(environment: EventsEnvironment): Promise<Events> {
  const { database, settings, log, metrics, random } = environment;
  const { mail } = settings.current;
  const stopping = new AbortController();
  const bus = openBus(environment);
  const inbox = createInbox(database, 'welcome-mail', claimMs);
  const mailer = createMailer({
    url: mail.smtp_url,
    from: () => settings.current.mail.from,
    connections: mailsAtATime,
    log,
  });
  // Before the relay: in a process on its own, what nobody consumes is not published.
  const welcome = bus.consume(
    { durable: 'welcome-mail', subject: USER_CREATED, concurrency: mailsAtATime },
    welcomeMail({ inbox, mailer, random, signal: stopping.signal }),
  );
  const relay = new Relay({ database, bus, log, metrics, random });
  await relay.start();
  const forgetting = setInterval(() => {
    inbox
      .forgetOld(backgroundScope('inbox'))
      .catch((error: unknown) => log.warn('the inbox keeps old events', { error }));
  }, forgetEveryMs);

  return {
    async close(withinMs) {
      clearInterval(forgetting);
      await relay.stop(withinMs);
      await bus.drain(withinMs);
      stopping.abort();
      await welcome.stop();
      await bus.close();
      mailer.close();
    },
  };
}

function openBus({ settings, log, metrics, random }: EventsEnvironment): EventBus {
  const rules: SettleRules = {
    get maxDeliver() {
      return settings.current.nats.max_deliver;
    },
    backoff: redeliveryBackoff,
    random,
  };
  const onDeath = announceDeaths(log, metrics);
  const { url, stream, ack_wait_ms: ackWaitMs } = settings.current.nats;
  if (url === undefined) return new InProcessBus({ log, rules, onDeath });
  return new JetStreamBus({ url, stream, log, random, rules, onDeath, ackWaitMs });
}
