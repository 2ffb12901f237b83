import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { Scope } from '../scope.ts';
import type { Database, Queries, Statement } from './database.ts';
import { migrate } from './migrate.ts';

const queriesOf = (connection: PGlite | Transaction): Queries => ({
  async rows<Row>(_scope: Scope, { text }: Statement, values: readonly unknown[]): Promise<Row[]> {
    return (await connection.query<Row>(text, [...values])).rows;
  },
});

/** PostgreSQL within this process, for development and tests. It has one connection: queries run one after the other. */
export async function openEmbedded(dataDir: string | null): Promise<Database> {
  const connection = await PGlite.create(dataDir === null ? {} : { dataDir });
  await migrate(async (sql) => ({ rows: (await connection.exec(sql)).at(-1)?.rows ?? [] }));
  return {
    kind: 'embedded',
    ...queriesOf(connection),
    transaction: (_scope, work) => connection.transaction((transaction) => work(queriesOf(transaction))),
    async listen(channel, onNotify) {
      const stop = await connection.listen(channel, () => onNotify());
      return { stop: () => stop() };
    },
    close: () => connection.close(),
  };
}
