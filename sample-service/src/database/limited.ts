import { Semaphore, type After, type Limits } from '../back-pressure.ts';
import type { Settings } from '../settings/settings.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Database } from './database.ts';

/** The same connections, shared out to two kinds of work that must not starve each other. */
export interface SharedDatabase {
  /** For work that a client waits for: refused when too many wait. */
  requests: Database;
  /** For work in the background: waits as long as it takes. */
  background: Database;
}

/** How many connections are kept for work in the background (count): a fifth, at least one. */
const backgroundPlaces = (settings: Settings): number => Math.max(1, Math.floor(settings.database.max_connections / 5));

const requestLimits = (settings: Settings): Limits => ({
  places: settings.database.max_connections - backgroundPlaces(settings),
  maxWaiting: settings.database.max_waiting,
  maxWaitMs: settings.database.max_wait_ms,
});
const backgroundLimits = (settings: Settings): Limits => ({
  places: backgroundPlaces(settings),
  maxWaiting: Infinity,
  maxWaitMs: Infinity,
});

/**
 * Puts a semaphore before the database for each kind of work. Both together have as many places as there are
 * connections, so that nobody ever waits for the pool. Whoever is in a transaction asks within it: a second place for
 * the same work could be waited for in vain.
 */
export function shareDatabase(database: Database, settings: LiveSettings, after: After): SharedDatabase {
  const requests = new Semaphore('database', requestLimits(settings.current), after);
  const background = new Semaphore('database', backgroundLimits(settings.current), after);
  settings.onChange((now) => {
    requests.setLimits(requestLimits(now));
    background.setLimits(backgroundLimits(now));
  });
  return { requests: limited(database, requests), background: limited(database, background) };
}

const limited = (database: Database, semaphore: Semaphore): Database => ({
  kind: database.kind,
  rows: (scope, statement, values) => semaphore.run(scope, () => database.rows(scope, statement, values)),
  transaction: (scope, work) => semaphore.run(scope, () => database.transaction(scope, work)),
  listen: database.listen,
  close: database.close,
});
