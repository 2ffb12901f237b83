/**
 * Creates users and relays their events until it is killed, as a process of the sample service does.
 * Arguments: the database's URL, the broker's URL, and where it kills itself: `before-publish`, `after-publish` or `never`.
 */
import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventBus } from '@fusebox/sample-service/events/bus.ts';
import { JetStreamBus } from '@fusebox/sample-service/events/jetstream-bus.ts';
import { Relay } from '@fusebox/sample-service/events/relay.ts';
import { redeliveryBackoff } from '@fusebox/sample-service/events/settle.ts';
import { silentLog as log } from '@fusebox/sample-service/log.ts';
import { createMetrics } from '@fusebox/sample-service/metrics.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { createUsers } from '@fusebox/sample-service/users/users.ts';
import { openSampleDatabase } from '../support/sample-database.ts';

const [databaseUrl, natsUrl, deathPlace] = process.argv.slice(2) as [string, string, string];
const { random } = Math;

const database = await openSampleDatabase({ 'database.url': databaseUrl, 'database.max_connections': 4 });

const broker = new JetStreamBus({
  url: natsUrl,
  stream: 'USERS',
  log,
  random,
  rules: { maxDeliver: 10, backoff: redeliveryBackoff, random },
  onDeath() {},
  ackWaitMs: 30_000,
});
let left = Math.ceil(random() * 4);
function perhapsDie(place: string): void {
  if (place === deathPlace && (left -= 1) <= 0) process.kill(process.pid, 'SIGKILL');
}
const bus = {
  async publish(message) {
    perhapsDie('before-publish');
    await broker.publish(message);
    perhapsDie('after-publish');
  },
} as EventBus;
await new Relay({ database, bus, log, metrics: createMetrics(), random }).start();

flushCompileCache(); // it is written at the end, which none of these has
process.stdout.write('creating\n');
const users = createUsers(database);
for (let n = 0; n < 8; n += 1) {
  await users.create(backgroundScope('creator'), `${randomUUID()}@example.com`, 'none');
  await pause(random() * 5);
}
await pause(60_000); // whoever started it kills it
