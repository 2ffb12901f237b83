import type { Scope } from '../scope.ts';

/** One SQL statement. Its name is that of the prepared statement and stands in traces, so it is unique. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What may be asked of the database, within a transaction or without. */
export interface Queries {
  /** @throws what the driver throws: an error with SQLSTATE in `code` */
  rows<Row>(scope: Scope, statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

/** PostgreSQL, as a server or embedded. Both take the same SQL. */
export interface Database extends Queries {
  readonly kind: 'postgres' | 'embedded';
  /** Commits what `work` did when it fulfils; rolls it back when it rejects. */
  transaction<T>(scope: Scope, work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Calls `onNotify` for each `NOTIFY channel`, through reconnections (after one also without a notification). */
  listen(channel: string, onNotify: () => void): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
}
