import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import type { After } from './back-pressure.ts';
import { shareDatabase } from './database/limited.ts';
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

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));
  const misbehave: Misbehave = { current: wellBehaved, random, sleep };
  const app = parts.adopt(buildApp({ users, misbehave, log }), (it) => it.close());

  const open = parts.move();
  return { app, close: () => open.disposeAsync() };
}
