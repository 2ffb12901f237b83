import pg from 'pg';
import type { After } from '../back-pressure.ts';
import type { Log } from '../log.ts';
import { ServiceError } from '../service-error.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Database, Queries, Statement } from './database.ts';
import { asServiceError } from './database-errors.ts';
import { migrate } from './migrate.ts';
import { listenForever } from './postgres-listener.ts';

/** A connection that is not there after so long is taken for away (ms). */
const connectTimeoutMs = 2_000;
/** What an answer may take on its way (ms). */
const silenceMs = 1_000;
const bigint = 20; // pg_type.oid of int8

/** Ids are numbers: 2^53 of them are enough. */
const types = {
  getTypeParser: (oid: number, format: string): unknown =>
    oid === bigint ? Number : (pg.types.getTypeParser as (oid: number, format: string) => unknown)(oid, format),
} as pg.CustomTypesConfig;

interface Options {
  url: string;
  settings: LiveSettings;
  log: Log;
  after: After;
}

/** PostgreSQL on a server. A connection that breaks is replaced; what it was doing fails with `database-unavailable`. */
export async function openPostgres({ url, settings, log, after }: Options): Promise<Database> {
  const config: pg.ClientConfig = { connectionString: url, keepAlive: true, application_name: 'sample-service', types };
  await migrateServer(config);
  const { max_connections, query_timeout_ms } = settings.current.database;
  const pool = new pg.Pool({
    ...config,
    Client: Connection as unknown as new () => pg.ClientBase, // its types forget the argument
    max: max_connections,
    statement_timeout: query_timeout_ms,
    // A server that cannot even say that the time is up is not there any more.
    query_timeout: query_timeout_ms + silenceMs,
  });
  // An idle connection has broken. Without a listener this would end the process.
  pool.on('error', (error) => log.warn('a database connection was lost', { error }));
  const unfollow = settings.onChange((now) => void (pool.options.max = now.database.max_connections));

  return {
    kind: 'postgres',
    rows: (_scope, statement, values) => withConnection(pool, (connection) => ask(connection, statement, values)),
    transaction: (_scope, work) => inTransaction(pool, work),
    listen: (channel, onNotify) => listenForever({ config, channel, onNotify, log, after }),
    async close() {
      unfollow();
      await pool.end();
    },
  };
}

/**
 * One connection. That it must be there in time is its own affair: told to the pool, the same limit would start a timer
 * for each query, in case it waits for a connection, which the semaphore before the pool prevents.
 */
class Connection extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super({ ...config, connectionTimeoutMillis: connectTimeoutMs });
    // While it is taken, its errors are not the pool's; the query under way fails with the same one.
    this.on('error', () => {});
  }
}

const queriesOf = (connection: pg.PoolClient): Queries => ({
  rows: (_scope, statement, values) => ask(connection, statement, values),
});

/** A statement with a name is parsed and planned once for each connection. */
async function ask<Row>(
  connection: pg.PoolClient,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const query = { name, text, values: [...values] };
  return (await orServiceError(connection.query<Row & pg.QueryResultRow>(query))).rows;
}

const orServiceError = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw asServiceError(error);
  });

/**
 * Takes a connection for this work. Only one that is of no more use is thrown away: the pool's own `query` would do that
 * after each error, an address that is taken as well.
 */
async function withConnection<T>(pool: pg.Pool, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
  const connection = await orServiceError(pool.connect());
  let lost = false;
  try {
    return await work(connection);
  } catch (error) {
    lost = error instanceof ServiceError && error.code === 'database-unavailable';
    throw error;
  } finally {
    connection.release(lost);
  }
}

const inTransaction = <T>(pool: pg.Pool, work: (queries: Queries) => Promise<T>): Promise<T> =>
  withConnection(pool, async (connection) => {
    await orServiceError(connection.query('begin'));
    try {
      const result = await work(queriesOf(connection));
      await orServiceError(connection.query('commit'));
      return result;
    } catch (error) {
      // To lose the connection rolls back as well.
      const isLost = error instanceof ServiceError && error.code === 'database-unavailable';
      if (!isLost) await orServiceError(connection.query('rollback'));
      throw error;
    }
  });

/** In one transaction under a lock: of several workers that start together one migrates, and the others find it done. */
async function migrateServer(config: pg.ClientConfig): Promise<void> {
  const client = new Connection(config);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtext('sample-service migrations'))`);
    await migrate(async (sql) => {
      const answer = await client.query(sql);
      // Several statements have several answers, which the types do not say.
      return Array.isArray(answer) ? (answer as pg.QueryResult[]).at(-1)! : answer;
    });
    await client.query('commit');
  } finally {
    await client.end();
  }
}
