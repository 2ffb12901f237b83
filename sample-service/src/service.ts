import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import type { After } from './back-pressure.ts';
import { shareDatabase } from './database/limited.ts';
import { openDatabase } from './database/open-database.ts';
import { traced } from './database/traced.ts';
import { openCache } from './cache/open-cache.ts';
import { ReadThrough } from './cache/read-through.ts';
import { startEvents } from './events/start-events.ts';
import { flagSource } from './flags/flag-source.ts';
import { openFlags } from './flags/flags.ts';
import { TableProvider } from './flags/table-provider.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { wellBehaved, type Misbehave } from './misbehave.ts';
import { backgroundScope } from './scope.ts';
import type { LiveSettings } from './settings/live-settings.ts';
import { startTracing } from './tracing.ts';
import { createPasswordHasher } from './users/password-hasher.ts';
import { createReadiness } from './readiness.ts';
import { createOutgoing } from './outgoing.ts';
import { createBreaker } from './payments/breaker.ts';
import { createPayments } from './payments/payment-client.ts';
import { createProfiles } from './profiles/profile-client.ts';
import { cachedUsers } from './users/cached-users.ts';
import { createUsers, type User } from './users/users.ts';

/** What the service takes from the process that it runs in. */
export interface ServiceEnvironment {
  settings: LiveSettings;
  log: Log;
  /** How many example users an empty store is filled with (count). */
  seedUsers: number;
  /** A draw from [0, 1). */
  random: () => number;
  after: After;
}

export interface Service {
  /** Not listening yet. */
  app: FastifyInstance;
  /** Ends all connections of clients, whatever is under way on them. */
  cut(): void;
  /** Finishes what is under way, and closes everything in the reverse order. */
  close(): Promise<void>;
}

/** Table of contents: what the service is made of, in the order in which it is built. It is closed in the reverse order. */
export async function buildService(environment: ServiceEnvironment): Promise<Service> {
  const { settings, log, seedUsers, random, after } = environment;
  // Closes what is open when a later step fails.
  await using parts = new AsyncDisposableStack();

  const tracing = parts.adopt(await startTracing({ settings, log }), (it) => it?.close());
  const server = parts.adopt(await openDatabase(environment), (it) => it.close());
  const { requests, background } = shareDatabase(tracing === null ? server : traced(server), settings, after);
  const metrics = createMetrics();
  const source = flagSource({ settings, log, metrics, random });
  const flags = parts.adopt(await openFlags(new TableProvider(source)), (it) => it.close());
  const cache = parts.adopt(await openCache<User>(settings, 'users:1:'), (it) => it.close());
  const ttlMs = (): number => settings.current.cache.ttl_seconds * 1_000;
  const cached = new ReadThrough({ cache, ttlMs, nowMs: Date.now, random, metrics, log });
  const users = cachedUsers(createUsers(requests), cached, flags);
  // Nobody knows the seeded users' password: no text hashes to this.
  if (seedUsers > 0) await createUsers(background).seed(backgroundScope('seed'), seedUsers, 'none');

  const flushMs = () => (settings.current.server.shutdown_seconds * 1_000) / 2;
  parts.adopt(await startEvents({ database: background, settings, log, metrics, random }), (it) => it.close(flushMs()));

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));
  const misbehave: Misbehave = { current: wellBehaved, random, sleep };
  const readiness = createReadiness(background, after);
  const hash = createPasswordHasher(settings, after);
  const outgoing = parts.adopt(createOutgoing(), (it) => it.close());
  const profiles = createProfiles(settings, outgoing);
  const breaker = parts.adopt(createBreaker({ settings, log, nowMs: Date.now }), (it) => it.close());
  const payments = createPayments({ settings, outgoing, breaker, log });
  const isTraced = tracing !== null;
  const app = buildApp({ users, profiles, payments, hash, flags, misbehave, readiness, metrics, log, isTraced });
  parts.defer(() => app.close());
  parts.defer(() => readiness.stopping());

  const open = parts.move();
  return { app, cut: () => app.server.closeAllConnections(), close: () => open.disposeAsync() };
}
