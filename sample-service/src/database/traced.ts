import type { Attributes } from '@opentelemetry/api';
import { callSpan, markFailed } from '../tracing.ts';
import type { Scope } from '../scope.ts';
import type { Database, Queries, Statement } from './database.ts';

/**
 * The same database, with a span `database.query` for each query of a request that is recorded. Attributes: the stable database
 * semantic conventions. The text has placeholders, so no value of a user is in it.
 */
export const traced = (database: Database): Database => ({
  kind: database.kind,
  ...tracedQueries(database),
  transaction: (scope, work) => database.transaction(scope, (queries) => work(tracedQueries(queries))),
  listen: (channel, onNotify) => database.listen(channel, onNotify),
  close: () => database.close(),
});

const tracedQueries = (queries: Queries): Queries => ({
  rows: <Row>(scope: Scope, statement: Statement, values: readonly unknown[]): Promise<Row[]> => {
    const span = callSpan(scope, 'database.query', attributesOf(statement));
    const rows = queries.rows<Row>(scope, statement, values);
    if (span === null) return rows;
    return rows.then(
      (found) => {
        span.end();
        return found;
      },
      (error: unknown) => {
        const { code } = error as { code?: unknown };
        if (typeof code === 'string' && sqlState.test(code)) span.setAttribute('db.response.status_code', code);
        markFailed(span, typeof code === 'string' ? code : 'error');
        span.end();
        throw error;
      },
    );
  },
});

const sqlState = /^[0-9A-Z]{5}$/;

// A statement is a constant of the program, so its attributes are found once.
const known = new WeakMap<Statement, Attributes>();

function attributesOf(statement: Statement): Attributes {
  const found = known.get(statement);
  if (found !== undefined) return found;
  const { operation, table } = targetOf(statement.text);
  const attributes: Attributes = {
    'db.system.name': 'postgresql',
    'db.query.text': statement.text.replaceAll(/\s+/g, ' ').trim(),
    'db.query.summary': table === undefined ? operation : `${operation} ${table}`,
    'db.operation.name': operation,
    'db.collection.name': table,
    statement_name: statement.name,
  };
  known.set(statement, attributes);
  return attributes;
}

/** What is done, and to which table first: `SELECT`, `users`. */
function targetOf(text: string): { operation: string; table: string | undefined } {
  const operation = /\b(select|insert|update|delete)\b/i.exec(text)?.[1] ?? text.trim().split(/\s/, 1)[0]!;
  const table = /\b(?:from|into|update)\s+(?:only\s+)?"?([a-z_][\w.]*)"?/i.exec(text)?.[1];
  return { operation: operation.toUpperCase(), table };
}
