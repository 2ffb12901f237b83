import pg from 'pg';
import { ServiceError } from '../service-error.ts';

const queryCanceled = '57014';

/**
 * Classes and codes of SQLSTATE (PostgreSQL, appendix A) that say nothing about the query: connection lost, too many
 * connections or no memory, shutting down or starting up.
 */
const unavailable = /^(08|53|57P0[1-5])/;

/** What the service makes of an error that the driver of a PostgreSQL server has thrown. */
export function asServiceError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    if (code === queryCanceled) {
      return new ServiceError('database-timeout', 'The database took too long.', { cause: error });
    }
    if (!unavailable.test(code)) return error;
  }
  // Values that cannot be written down, as a circle cannot, are a mistake of the caller.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  // All else is the connection's: the system's errors, and errors of the driver that have no code.
  return new ServiceError('database-unavailable', 'The database cannot be reached.', { cause: error });
}
