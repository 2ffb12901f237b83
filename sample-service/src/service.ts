import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import type { After } from './back-pressure.ts';
import { shareDatabase } from './database/limited.ts';
import { openDatabase } from './database/open-database.ts';
import { startEvents } from './events/start-events.ts';
import type { Log } from './log.ts';
import { wellBehaved, type Misbehave } from './misbehave.ts';
import { backgroundScope } from './scope.ts';
import type { LiveSettings } from './settings/live-settings.ts';
import { createPasswordHasher } from './users/password-hasher.ts';
import { createReadiness } from './readiness.ts';
import type { Flags } from './flags/flags.ts';
import type { Profiles } from './profiles/profiles.ts';
import { createUsers } from './users/users.ts';

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
  /** Finishes what is under way, and closes everything in the reverse order. */
  close(): Promise<void>;
}

/** Table of contents: what the service is made of, in the order in which it is built. It is closed in the reverse order. */
export async function buildService(environment: ServiceEnvironment): Promise<Service> {
  const { settings, log, seedUsers, random, after } = environment;
  // Closes what is open when a later step fails.
  await using parts = new AsyncDisposableStack();

  const server = parts.adopt(await openDatabase(environment), (it) => it.close());
  const { requests, background } = shareDatabase(server, settings, after);
  const users = createUsers(requests);
  // Nobody knows the seeded users' password: no text hashes to this.
  if (seedUsers > 0) await createUsers(background).seed(backgroundScope('seed'), seedUsers, 'none');

  const flushMs = () => (settings.current.server.shutdown_seconds * 1_000) / 2;
  parts.adopt(await startEvents({ database: background, settings, log, random }), (it) => it.close(flushMs()));

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));
  const misbehave: Misbehave = { current: wellBehaved, random, sleep };
  const readiness = createReadiness(background, after);
  const hash = createPasswordHasher(settings, after);
  const flags: Flags = { isOn: (key) => settings.current.feature_flags[key] ?? false };
  const profiles: Profiles = { of: () => null };
  const app = buildApp({ users, profiles, hash, flags, misbehave, readiness, log });
  parts.defer(() => app.close());
  parts.defer(() => readiness.stopping());

  const open = parts.move();
  return { app, close: () => open.disposeAsync() };
}
