import type { After } from './back-pressure.ts';
import type { Database } from './database/database.ts';
import type { Scope } from './scope.ts';
import { ServiceError } from './service-error.ts';

/** Whether this process should get requests at present. */
export interface Readiness {
  /** Null: it should. */
  whyNot(scope: Scope): Promise<string | null>;
  /** From now on it should not. */
  stopping(): void;
}

const ping = { name: 'ping', text: 'select 1' };
/** A database that has not answered by then is taken for away (ms). */
const patienceMs = 1_000;

/**
 * Ready while the database answers, and until the service stops. A database too busy for one more query is not away: to
 * take this process out would only move its requests to the others.
 */
export function createReadiness(database: Database, after: After): Readiness {
  let stopping = false;
  const ask = (scope: Scope): Promise<string | null> =>
    database.rows(scope, ping, []).then(
      () => null,
      (error: unknown) =>
        error instanceof ServiceError && error.code === 'overloaded' ? null : 'The database does not answer.',
    );
  return {
    async whyNot(scope) {
      if (stopping) return 'The service is stopping.';
      let cancel = (): void => {};
      const tooLate = new Promise<string>((resolve) => {
        cancel = after(patienceMs, () => resolve('The database does not answer in time.'));
      });
      const answer = await Promise.race([ask(scope), tooLate]);
      cancel();
      return answer;
    },
    stopping() {
      stopping = true;
    },
  };
}
