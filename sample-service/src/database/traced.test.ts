import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backgroundScope } from '../scope.ts';
import { tracer } from '../tracing.ts';
import { recordSpans, type RecordedSpans } from '../tracing/recorded-spans.ts';
import type { Database, Queries, Statement } from './database.ts';
import { traced } from './traced.ts';

let spans: RecordedSpans;
beforeEach(() => (spans = recordSpans()));
afterEach(() => spans.stop());

const answering = (rows: Queries['rows']): Database => ({
  kind: 'embedded',
  rows,
  transaction: (_scope, work) => work({ rows }),
  listen: () => Promise.reject(new Error('not here')),
  close: () => Promise.resolve(),
});
const database = traced(answering(<Row>() => Promise.resolve([{ id: 7 }] as Row[])));
const statement = (name: string, text: string): Statement => ({ name, text });

/** A scope whose work belongs below a span that is recorded. */
const recorded = () => {
  const span = tracer().startSpan('request');
  return { span, scope: backgroundScope('test', undefined, trace.setSpan(ROOT_CONTEXT, span)) };
};

test('a query is a span below the request, with its text but none of its values', async () => {
  const { span, scope } = recorded();
  const select = statement('find_user', 'select id, email\n  from users where email = $1');
  expect(await database.rows(scope, select, ['ada@example.com'])).toEqual([{ id: 7 }]);
  const [query] = spans.ended();
  expect(query).toMatchObject({
    name: 'database.query',
    kind: SpanKind.CLIENT,
    parentSpanContext: { spanId: span.spanContext().spanId },
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.text': 'select id, email from users where email = $1',
      'db.query.summary': 'SELECT users',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'users',
      statement_name: 'find_user',
    },
  });
  expect(JSON.stringify(query!.attributes)).not.toContain('ada@example.com');
});

test.each([
  ['insert into outbox (id) values ($1)', 'INSERT', 'outbox'],
  ['update users set email = $1', 'UPDATE', 'users'],
  ['delete from only "inbox" where id = $1', 'DELETE', 'inbox'],
  ['with old as (select id from users limit 1) delete from users', 'SELECT', 'users'],
  ['select 1', 'SELECT', undefined],
  ['notify outbox', 'NOTIFY', undefined],
])('%s: %s %s', async (text, operation, table) => {
  await database.rows(recorded().scope, statement('any', text), []);
  const [query] = spans.ended();
  expect(query!.attributes['db.operation.name']).toBe(operation);
  expect(query!.attributes['db.collection.name']).toBe(table);
});

test('queries of a transaction are spans, too', async () => {
  const { scope } = recorded();
  await database.transaction(scope, async (queries) => {
    await queries.rows(scope, statement('one', 'select 1'), []);
    await queries.rows(scope, statement('two', 'select 2'), []);
  });
  expect(spans.ended().map(({ attributes }) => attributes['statement_name'])).toEqual(['one', 'two']);
});

test('a query that fails says so by its SQLSTATE, and the error goes on', async () => {
  const failing = traced(answering(() => Promise.reject(Object.assign(new Error('taken'), { code: '23505' }))));
  await expect(failing.rows(recorded().scope, statement('any', 'select 1'), [])).rejects.toThrow('taken');
  expect(spans.ended()[0]).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'db.response.status_code': '23505', 'error.type': '23505' },
  });
});

test('where nothing is recorded there is no span', async () => {
  await database.rows(backgroundScope('test'), statement('any', 'select 1'), []);
  expect(spans.ended()).toEqual([]);
});
