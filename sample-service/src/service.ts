import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import { openDatabase } from './database/open-database.ts';
import type { Log } from './log.ts';
import { wellBehaved, type Misbehave } from './misbehave.ts';
import { backgroundScope } from './scope.ts';
import type { LiveSettings } from './settings/live-settings.ts';
import { createUsers } from './users/users.ts';

/** What the service takes from the process that it runs in. */
export interface ServiceEnvironment {
  settings: LiveSettings;
  log: Log;
  /** How many example users an empty store is filled with (count). */
  seedUsers: number;
  /** A draw from [0, 1). */
  random: () => number;
  /** Resolves after `ms` milliseconds. */
  sleep: (ms: number) => Promise<unknown>;
}

export interface Service {
  /** Not listening yet. */
  app: FastifyInstance;
  /** Finishes what is under way, and closes everything in the reverse order. */
  close(): Promise<void>;
}

/** Table of contents: what the service is made of, in the order in which it is built. It is closed in the reverse order. */
export async function buildService({ settings, log, seedUsers, random, sleep }: ServiceEnvironment): Promise<Service> {
  // Closes what is open when a later step fails.
  await using parts = new AsyncDisposableStack();

  const database = parts.adopt(await openDatabase(settings.current), (it) => it.close());
  const users = createUsers(database);
  // Nobody knows the seeded users' password: no text hashes to this.
  if (seedUsers > 0) await users.seed(backgroundScope('seed'), seedUsers, 'none');

  const misbehave: Misbehave = { current: wellBehaved, random, sleep };
  const app = parts.adopt(buildApp({ users, misbehave, log }), (it) => it.close());

  const open = parts.move();
  return { app, close: () => open.disposeAsync() };
}
