/** The sample service against its own description: requests of every kind, each answer as `/openapi.json` says. */
import { buildApp } from '@fusebox/sample-service/app.ts';
import type { Database } from '@fusebox/sample-service/database/database.ts';
import { silentLog } from '@fusebox/sample-service/log.ts';
import { createMetrics } from '@fusebox/sample-service/metrics.ts';
import { wellBehaved } from '@fusebox/sample-service/misbehave.ts';
import type { PaymentAnswer } from '@fusebox/sample-service/payments/payments.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { createUsers } from '@fusebox/sample-service/users/users.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allows, valuesOf, type JsonSchema, type Schemas } from './described/json-schema.ts';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';

const why = whyNotTested('the description on PostgreSQL', ['postgres']);

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: JsonSchema;
}
interface Content {
  content?: Record<string, { schema: JsonSchema }>;
  headers?: Record<string, unknown>;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}
type PathItem = Record<string, Operation> & { parameters?: Parameter[] };

/** A part of a request, and whether the description allows it. */
interface Part {
  value: unknown;
  valid: boolean;
}

let database: Database;
let app: ReturnType<typeof buildApp>;
let schemas: Schemas;
const operations: { method: string; path: string; parameters: Parameter[]; operation: Operation }[] = [];
const misbehave = { current: wellBehaved, random: () => 0, sleep: () => Promise.resolve() };
/** What the world outside is like for the next request. */
const outside = { flag: true, payment: 'accepted' as PaymentAnswer['kind'], profile: true };

const payments: Record<PaymentAnswer['kind'], object> = {
  accepted: {},
  rejected: { status: 402, detail: 'No money.', retryAfter: null },
  'circuit-open': { retryAfterMs: 1_500 },
  timeout: { timeoutMs: 5_000 },
  failed: { detail: 'The payment service answered 500.', retryAfter: '7' },
  'not-set': {},
};

/** The whole of HTTP and of the store of users; in place of the outside world, what is drawn for each request. */
async function start(url: string | null): Promise<void> {
  database = await openSampleDatabase(url === null ? {} : { 'database.url': url });
  const users = createUsers(database);
  await users.seed(backgroundScope('test'), 400, 'none');
  app = buildApp({
    users,
    profiles: {
      of: () =>
        outside.profile
          ? Promise.resolve({ profile: { displayName: 'Ada' } })
          : Promise.resolve({ missing: 'timeout' }),
    },
    payments: {
      pay: async (_scope, order) =>
        ({ kind: outside.payment, payment: { id: 'p1', ...order }, ...payments[outside.payment] }) as PaymentAnswer,
    },
    hash: async () => 'hash',
    flags: { isOn: () => outside.flag },
    misbehave,
    readiness: { whyNot: async () => null, stopping() {} },
    metrics: createMetrics(),
    log: silentLog,
    isTraced: false,
  });
  const description = (await app.inject('/openapi.json')).json<{
    paths: Record<string, PathItem>;
    components: { schemas: Schemas };
  }>();
  ({ schemas } = description.components);
  operations.length = 0;
  for (const [path, { parameters: shared = [], ...methods }] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const parameters = [...shared, ...(operation.parameters ?? [])];
      // Payments have the most to say, of which each is to be seen.
      const shares = operation.operationId === 'payForUser' ? 4 : 1;
      const one = { method: method.toUpperCase(), path, parameters, operation };
      operations.push(...Array.from({ length: shares }, () => one));
    }
  }
}
async function stop(): Promise<void> {
  await app.close();
  await database.close();
}

/** Text that means something else than it seems to, or nothing. */
const oddText = fc.oneof(
  fc.constantFrom(
    '',
    '-1',
    '0',
    '1.5',
    '1e3',
    ' 5',
    '5 ',
    '+5',
    '0x10',
    '٣',
    'null',
    'true',
    '9'.repeat(30),
    "' or 1=1 --",
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

/** Text of a query, path or header, and what it means by the description. */
function textPart({ schema, in: where }: Parameter): fc.Arbitrary<Part & { value: string }> {
  // Most ids are those of users that exist.
  const good = where === 'path' ? fc.integer({ min: 1, max: 500 }) : valuesOf(schema, schemas);
  return fc.oneof({ weight: 3, arbitrary: good.map(String) }, oddText).map((value) => {
    const means = schema.type === 'integer' && /^-?\d+$/.test(value) ? Number(value) : value;
    return { value, valid: allows(schema, means, schemas) };
  });
}

function bodyPart(schema: JsonSchema): fc.Arbitrary<Part> {
  const good = valuesOf(schema, schemas);
  const bent = fc
    .tuple(
      good,
      fc.constantFrom('email', 'password', 'amountMinor', 'currency', 'status', 'toString', '__proto_'),
      fc.jsonValue(),
    )
    .map(([value, name, other]) => ({ ...(value as object), [name]: other }));
  const lacking = good.map((value) => Object.fromEntries(Object.entries(value as object).slice(1)));
  return fc
    .oneof({ weight: 3, arbitrary: good }, { weight: 2, arbitrary: bent }, lacking, fc.jsonValue())
    .map((value) => ({ value, valid: allows(schema, value, schemas) }));
}

const pathSafe = ({ value }: { value: string }): boolean =>
  value !== '' && !/^\.+$/.test(value) && value.isWellFormed();
const headerSafe = ({ value }: { value: string }): boolean => /^[\t -~]*$/.test(value) && value.trim() === value;

/** A request for one of the operations. */
const requests = fc.nat().chain((draw) => {
  const { method, path, parameters, operation } = operations[draw % operations.length]!;
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const inPart = (where: Parameter['in'], safe: (part: { value: string }) => boolean) => {
    const own = parameters.filter((parameter) => parameter.in === where);
    const names = own.filter(({ required }) => required === true).map(({ name }) => name);
    const parts = own.map((parameter) => [parameter.name, textPart(parameter).filter(safe)] as const);
    return fc.record(Object.fromEntries(parts), { requiredKeys: names }) as fc.Arbitrary<
      Record<string, Part & { value: string }>
    >;
  };
  return fc.record({
    method: fc.constant(method),
    path: fc.constant(path),
    operation: fc.constant(operation),
    inPath: inPart('path', pathSafe),
    inQuery: inPart('query', ({ value }) => value.isWellFormed()),
    inHeader: inPart('header', headerSafe),
    body: body === undefined ? fc.constant(null) : bodyPart(body),
    outside: fc.record({
      flag: fc.boolean(),
      profile: fc.boolean(),
      payment: fc.constantFrom(...(Object.keys(payments) as PaymentAnswer['kind'][])),
    }),
  });
});

/** The description of an answer: by its status, else by its class. */
const described = ({ responses }: Operation, status: number): Content | undefined =>
  responses[status] ?? responses[`${Math.floor(status / 100)}XX`];

async function answersAsDescribed(): Promise<void> {
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(requests, async ({ method, path, operation, inPath, inQuery, inHeader, body, outside: next }) => {
      Object.assign(outside, next);
      const url = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(inPath[name]!.value));
      const query = new URLSearchParams(Object.entries(inQuery).map(([name, { value }]) => [name, value])).toString();
      const headers = Object.fromEntries(Object.entries(inHeader).map(([name, { value }]) => [name, value]));
      const response = await app.inject({
        method: method as 'GET',
        url: query === '' ? url : `${url}?${query}`,
        headers: { ...headers, ...(body !== null && { 'content-type': 'application/json' }) },
        ...(body !== null && { payload: JSON.stringify(body.value) }),
      });
      misbehave.current = wellBehaved;

      const status = response.statusCode;
      const key = `${operation.operationId} ${status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      const answer = described(operation, status);
      expect(answer, `${key}: ${response.body}`).toBeDefined();
      const [[type, { schema }] = [undefined, { schema: {} }]] = Object.entries(answer!.content ?? {});
      expect(response.headers['content-type']?.toString().split(';')[0]).toBe(type);
      if (type !== undefined) expect(allows(schema, response.json(), schemas), response.body).toBe(true);
      if (status >= 500) expect(response.json<{ code?: string }>().code).toBeDefined();

      // What the description does not allow is refused, and nothing else is refused as such.
      const parts: Part[] = [...Object.values(inPath), ...Object.values(inQuery), ...Object.values(inHeader)];
      const valid = [...parts, ...(body === null ? [] : [body])].every((part) => part.valid);
      const hidden = path === '/api/profiles' && !outside.flag;
      const isRefused =
        status === 400 && !/^cursor (does not go|is none)/.test(response.json<{ detail: string }>().detail);
      expect(isRefused, `${key} ${JSON.stringify(body)}: ${response.body}`).toBe(!valid && !hidden);
    }),
    { numRuns: 1_000 },
  );
  // It would be no proof if all had been refused at the door.
  for (const key of [
    'listUsers 200',
    'createUser 201',
    'getUser 200',
    'getUser 404',
    'updateUser 200',
    'deleteUser 204',
    'payForUser 201',
    'payForUser 504',
    'listProfiles 200',
    'listProfiles 404',
  ]) {
    expect(statuses.get(key) ?? 0, key).toBeGreaterThan(0);
  }
}

describe('with an embedded database', () => {
  beforeAll(() => start(null));
  afterAll(stop);
  test('whatever is asked, the answer is one that the description has', answersAsDescribed);
});

describe.skipIf(why !== null)('with a PostgreSQL server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
    await start(server.url);
  });
  afterAll(async () => {
    await stop();
    await server[Symbol.asyncDispose]();
  });
  test('whatever is asked, the answer is one that the description has', answersAsDescribed);
});
