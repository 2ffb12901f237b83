import pg from 'pg';
import type { After } from '../back-pressure.ts';
import type { Log } from '../log.ts';
import type { Scope } from '../scope.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Database, Queries, Statement } from './database.ts';
import { asServiceError } from './database-errors.ts';
import { migrate } from './migrate.ts';
import { listenForever } from './postgres-listener.ts';

/** A connection that is not there after so long is taken for away (ms). */
const connectTimeoutMs = 2_000;
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
  const config: pg.ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'sample-service',
    types,
  };
  await migrateServer(config);
  const { max_connections, query_timeout_ms } = settings.current.database;
  const pool = new pg.Pool({ ...config, max: max_connections, statement_timeout: query_timeout_ms });
  // An idle connection has broken. Without a listener this would end the process.
  pool.on('error', (error) => log.warn('a database connection was lost', { error }));
  const ignore = settings.onChange((now) => void (pool.options.max = now.database.max_connections));

  return {
    kind: 'postgres',
    ...queriesOf(pool),
    transaction: (_scope, work) => inTransaction(pool, work),
    listen: (channel, onNotify) => listenForever({ config, channel, onNotify, log, after }),
    async close() {
      ignore();
      await pool.end();
    },
  };
}

const queriesOf = (connection: pg.Pool | pg.PoolClient): Queries => ({
  // A statement with a name is parsed and planned once for each connection.
  async rows<Row>(_scope: Scope, { name, text }: Statement, values: readonly unknown[]): Promise<Row[]> {
    return (await orServiceError(connection.query<Row & pg.QueryResultRow>({ name, text, values: [...values] }))).rows;
  },
});

async function orServiceError<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asServiceError(error);
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (queries: Queries) => Promise<T>): Promise<T> {
  const client = await orServiceError(pool.connect());
  // While it is taken, its errors are not the pool's; the query under way fails with the same one.
  const onError = (): void => {};
  client.on('error', onError);
  let broken: Error | undefined;
  try {
    await orServiceError(client.query('begin'));
    const result = await work(queriesOf(client));
    await orServiceError(client.query('commit'));
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, which rolls back as well.
    await client.query('rollback').catch((reason: Error) => (broken = reason));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** In one transaction under a lock: of several workers that start together one migrates, and the others find it done. */
async function migrateServer(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config);
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
