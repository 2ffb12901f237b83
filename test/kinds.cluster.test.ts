import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { API_VERSION, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { installKinds, kindDefinitions } from './support/install-kinds.ts';

const api = new ApiClient(readKubeconfig(inject('cluster').kubeconfigPath));
const namespace = `kinds-${randomBytes(4).toString('hex')}`;
type Kind = keyof typeof RESOURCE_NAMES;

const pathOf = (kind: Kind): string => `/apis/${API_VERSION}/namespaces/${namespace}/${RESOURCE_NAMES[kind].plural}`;
const object = (kind: Kind, spec: unknown, name = 'tried'): object => {
  return { apiVersion: API_VERSION, kind, metadata: { name }, spec };
};
const yaml = (text: string): unknown[] => readYaml(text).map(({ value }) => value);

/** Asks whether the API server would take it, as kubectl asks: an unknown field is an error. Nothing is stored. */
async function ask(kind: Kind, spec: unknown): Promise<{ status: number; message: string }> {
  const { status, body } = await api.call(
    'POST',
    `${pathOf(kind)}?dryRun=All&fieldValidation=Strict`,
    object(kind, spec),
  );
  return { status, message: String((body as { message?: string }).message) };
}

async function created(kind: Kind, spec: unknown, name: string): Promise<{ spec: unknown }> {
  const answer = await api.call('POST', `${pathOf(kind)}?fieldValidation=Strict`, object(kind, spec, name));
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as { spec: unknown };
}

beforeAll(async () => {
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await installKinds(api);
}, 90_000);

afterAll(async () => {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

test.each(kindDefinitions().map(({ metadata }) => metadata.name))('%s is structural and served', async (name) => {
  const { body } = await api.call('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
  const { conditions } = (body as { status: { conditions: { type: string; status: string }[] } }).status;
  const holding = conditions.filter(({ status }) => status === 'True').map(({ type }) => type);
  expect(holding.toSorted()).toEqual(['Established', 'NamesAccepted']);
});

describe('documents that people write are taken', () => {
  const example = readFileSync(resolve(import.meta.dirname, '../docs/examples/users.yaml'), 'utf8');
  test.each(yaml(example).map((document) => [(document as { kind: Kind }).kind, document]))(
    'the %s of docs/examples',
    async (kind, document) => {
      const path = `${pathOf(kind)}?dryRun=All&fieldValidation=Strict`;
      expect(await api.call('POST', path, document as object)).toMatchObject({ status: 201 });
    },
  );

  const [policy, flags, profile] = yaml(`
targetRefs: [{group: apps, kind: Deployment, name: users}]
mode: Enforce
inbound:
  unmatched: Allow
  defaults:
    timeout: 4s
    concurrency: {maxConcurrent: 100, queue: {size: 50, timeout: 200ms}}
    circuitBreaker: {failureRateThreshold: 50, minimumNumberOfCalls: 20, resetTimeout: 5s, failOn: ["5xx", "429", reset]}
  routes:
    - name: create-user
      match: {methods: [POST], path: /users}
      rateLimit: {requestsPerSecond: 0.5, burst: 100, per: {header: x-api-key}}
    - name: user
      match: {path: "/users/:id", headers: [{name: x-tier, exact: gold}]}
      concurrency: {maxConcurrent: 20}
    - name: profiles
      match: {pathPrefix: /api/profiles}
      flag: enable_profiles
      circuitBreaker: {mode: Shadow, slidingWindow: {type: Count, size: 10000}}
    - name: reports
      match: {pathPrefix: /reports/%C3%A4/ö}
      maxDuration: 5m
      timeout: 0s
      rateLimit: {requestsPerSecond: 5, per: {clientAddress: true}}
      circuitBreaker: {forced: Open, resetTimeout: 1m30s, maxResetTimeout: 0.5h}
tracing: {sampleRatio: 0.1}
---
selector: {matchLabels: {app: users}, matchExpressions: [{key: example.com/tier, operator: In, values: [gold, ""]}]}
context: {headers: {x-user-id: targetingKey}, pathParameters: true}
$evaluators: {staff: {ends_with: [{var: email}, "@example.com"]}}
flags:
  enable_profiles: true
  enable.payments-v2: false
  new_search:
    state: ENABLED
    variants: {"on": true, "off": false}
    defaultVariant: "off"
    targeting: {if: [{$ref: staff}, "on", {fractional: [["on", 10], ["off", 90]]}]}
    offWhile: {circuitOpen: inbound/user, for: 2s, recoverAfter: 5s}
---
selector: {}
image: ghcr.io/fusebox/sidecar:1.0.0
resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
interception: PortName
drainDelay: 5s
startupTimeout: 10s
logLevel: info
accessLog: {mode: Refused}
tracing: {endpoint: "http://otel-collector:4318", sampleRatio: 0.01, propagators: [tracecontext, baggage]}
defaults: {inbound: {timeout: 15s}}
`);
  test.each<[Kind, unknown]>([
    ['ResiliencePolicy', policy],
    ['ResiliencePolicy', {}],
    ['FeatureFlagSet', flags],
    ['SidecarProfile', profile],
    ['LiveConfig', { configMap: 'users-config' }],
  ])('a %s in full', async (kind, spec) => {
    expect(await ask(kind, spec)).toMatchObject({ status: 201 });
  });
});

describe('what the API server refuses, it refuses by field and in words', () => {
  const inDefaults = (defaults: object): object => ({ inbound: { defaults } });
  const inRoute = (route: object): object => ({ inbound: { routes: [{ name: 'a', ...route }] } });
  const matching = (match: object): object => inRoute({ match });
  const breaker = (circuitBreaker: object): object => inDefaults({ circuitBreaker });
  const targeting = (target: object): object => ({ targetRefs: [{ kind: 'Deployment', name: 'a', ...target }] });
  const requiring = (requirement: object): object => ({
    selector: { matchExpressions: [{ key: 'a', ...requirement }] },
  });
  const at = 'spec.inbound.defaults';
  const ofRoute = 'spec.inbound.routes[0]';

  test.each<[what: string, spec: object, field: string, words: string]>([
    ['no duration', inDefaults({ timeout: '5x' }), `${at}.timeout`, 'is not a duration from 0s to 24h (like 250ms'],
    ['no unit', inDefaults({ timeout: '5' }), `${at}.timeout`, 'is not a duration'],
    ['no text', inDefaults({ timeout: 5 }), `${at}.timeout`, 'must be of type string'],
    ['an empty duration', inDefaults({ timeout: '' }), `${at}.timeout`, 'is not a duration'],
    ['a negative one', inDefaults({ timeout: '-5s' }), `${at}.timeout`, 'is not a duration'],
    ['units out of order', inDefaults({ timeout: '5s1m' }), `${at}.timeout`, 'is not a duration'],
    ['parts of milliseconds', inDefaults({ timeout: '1.5ms' }), `${at}.timeout`, 'is not a duration'],
    ['too short', breaker({ resetTimeout: '0s' }), `${at}.circuitBreaker.resetTimeout`, 'is not a duration from 1ms'],
    ['too long', inDefaults({ maxDuration: '25h' }), `${at}.maxDuration`, 'is not a duration from 0s to 24h'],
    ['far too long', inDefaults({ timeout: '999999999999h' }), `${at}.timeout`, 'is not a duration'],
    ['an unknown field', { inbound: { rout: [] } }, 'spec.inbound.rout', 'unknown field'],
    ['a bare off', { mode: false }, 'spec.mode', 'must be of type string: "boolean"'],
    ['a mode that is none', { mode: 'off' }, 'spec.mode', 'supported values: "Enforce", "Shadow", "Disabled"'],
    ['percent', breaker({ failureRateThreshold: 101 }), `${at}.circuitBreaker.failureRateThreshold`, 'equal to 100'],
    ['percent as text', breaker({ resetJitter: '50%' }), `${at}.circuitBreaker.resetJitter`, 'must be of type number'],
    ['parts of a call', breaker({ failureThreshold: 1.5 }), `${at}.circuitBreaker.failureThreshold`, 'type integer'],
    ['nobody', inDefaults({ concurrency: { maxConcurrent: 0 } }), `${at}.concurrency.maxConcurrent`, 'equal to 1'],
    [
      'no rate',
      inDefaults({ rateLimit: { requestsPerSecond: 0 } }),
      `${at}.rateLimit.requestsPerSecond`,
      'greater than 0',
    ],
    [
      'waits out of order',
      breaker({ resetTimeout: '10s', maxResetTimeout: '5s' }),
      'maxResetTimeout',
      'is below reset',
    ],
    ['a long window', breaker({ slidingWindow: { type: 'Time', size: 3601 } }), 'slidingWindow.size', 'maximum 3600'],
    ['a failure that is none', breaker({ failOn: ['6xx'] }), 'failOn[0]', 'is not a failure: write a class'],
    ['a bare code', breaker({ failOn: [429] }), 'failOn[0]', 'must be of type string'],
    ['no route name', { inbound: { routes: [{ flag: 'a' }] } }, `${ofRoute}.name`, 'Required value'],
    ['a bad route name', inRoute({ name: 'A_b' }), `${ofRoute}.name`, 'is not a route name'],
    ['a name twice', { inbound: { routes: [{ name: 'a' }, { name: 'a' }] } }, 'spec.inbound.routes[1]', 'Duplicate'],
    ['path and prefix', matching({ path: '/a', pathPrefix: '/b' }), `${ofRoute}.match`, 'exclude each other'],
    ['no path', matching({ path: 'users' }), `${ofRoute}.match.path`, 'is not a path: it starts with /'],
    ['a query', matching({ path: '/a?b' }), `${ofRoute}.match.path`, 'has a query'],
    ['a space', matching({ path: '/a b' }), `${ofRoute}.match.path`, 'has a character that no path can have'],
    ['a bad escape', matching({ path: '/%4' }), `${ofRoute}.match.path`, 'not followed by two hex digits'],
    ['a star', matching({ pathPrefix: '/*' }), `${ofRoute}.match.pathPrefix`, 'has a *'],
    ['dots', matching({ path: '/a/.%2e/b' }), `${ofRoute}.match.path`, 'has a . or .. segment'],
    ['an empty segment', matching({ path: '/a//b' }), `${ofRoute}.match.path`, 'has an empty segment'],
    ['half a parameter', matching({ path: '/:a-b' }), `${ofRoute}.match.path`, 'not a whole segment'],
    ['a parameter in a prefix', matching({ pathPrefix: '/:a' }), `${ofRoute}.match.pathPrefix`, 'never in pathPrefix'],
    ['no methods', matching({ methods: [] }), `${ofRoute}.match.methods`, 'should have at least 1 items'],
    ['a bad method', matching({ methods: ['GET /'] }), `${ofRoute}.match.methods[0]`, 'is not a method'],
    ['a bad header', matching({ headers: [{ name: 'x y', exact: 'a' }] }), 'headers[0].name', 'is not a header name'],
    ['a bad value', matching({ headers: [{ name: 'x', exact: 'a\n' }] }), 'headers[0].exact', 'should match'],
    ['a bad flag', inRoute({ flag: 'a b' }), `${ofRoute}.flag`, 'is not a flag key'],
    ['a bad flag to choose by', inRoute({ when: { flag: 'a b' } }), `${ofRoute}.when.flag`, 'is not a flag key'],
    ['no flag to choose by', inRoute({ when: { variant: 'a' } }), `${ofRoute}.when.flag`, 'Required value'],
    ['an empty variant', inRoute({ when: { flag: 'a', variant: '' } }), `${ofRoute}.when.variant`, 'is empty'],
    [
      'a bare variant',
      inRoute({ when: { flag: 'a', variant: true } }),
      `${ofRoute}.when.variant`,
      'must be of type string',
    ],
    ['a choice in defaults', inDefaults({ when: { flag: 'a' } }), `${at}.when`, 'belongs to a route, not to defaults'],
    ['two keys', inDefaults({ rateLimit: { per: { header: 'x', clientAddress: true } } }), 'rateLimit.per', 'exclude'],
    ['no key', inDefaults({ rateLimit: { per: {} } }), 'rateLimit.per', 'is empty: write header or clientAddress'],
    [
      'false as a key',
      inDefaults({ rateLimit: { per: { clientAddress: false } } }),
      'per.clientAddress',
      'says nothing',
    ],
    ['two aims', { targetRefs: [{ kind: 'Service', name: 'a' }], selector: {} }, 'spec', 'exclude each other'],
    ['no target', { targetRefs: [] }, 'spec.targetRefs', 'should have at least 1 items'],
    ['a wrong kind', targeting({ kind: 'Pod' }), 'spec.targetRefs[0].kind', 'supported values: "Deployment"'],
    ['a wrong group', targeting({ group: 'batch' }), 'spec.targetRefs[0].group', 'is not the group of this kind'],
    ['a bad name', targeting({ name: 'A' }), 'spec.targetRefs[0].name', 'is not an object name'],
    ['In of nothing', requiring({ operator: 'In' }), 'spec.selector.matchExpressions[0]', 'need values'],
    ['Exists of something', requiring({ operator: 'Exists', values: ['a'] }), 'matchExpressions[0]', 'take no values'],
    ['a label', { selector: { matchLabels: { a: 'b c' } } }, 'spec.selector.matchLabels.a', 'is not a label value'],
    ['a label key', { selector: { matchLabels: { 'a b': 'c' } } }, 'matchLabels', 'the key "a b" is not a label key'],
    ['a ratio', { tracing: { sampleRatio: 10 } }, 'spec.tracing.sampleRatio', 'less than or equal to 1'],
    ['outbound', { outbound: [{ name: 'payments' }] }, 'spec.outbound', 'not in this version'],
    [
      'an algorithm',
      inDefaults({ concurrency: { algorithm: 'Vegas' } }),
      'concurrency.algorithm',
      'not in this version',
    ],
    ['a priority', inRoute({ priority: 'High' }), `${ofRoute}.priority`, 'not in this version'],
    ['a match in defaults', inDefaults({ match: { path: '/' } }), `${at}.match`, 'belongs to a route, not to defaults'],
  ])('%s', async (_what, spec, field, words) => {
    const { status, message } = await ask('ResiliencePolicy', spec);
    expect([400, 422]).toContain(status);
    expect(message).toContain(field);
    expect(message).toContain(words);
  });

  test.each<[Kind, object, field: string, words: string]>([
    // What stands in a flag is left to the webhook: the API server knows no field that is a boolean or an object.
    ['FeatureFlagSet', { flags: true }, 'spec.flags', 'must be of type object'],
    ['FeatureFlagSet', { context: { body: true } }, 'spec.context.body', 'unknown field'],
    ['FeatureFlagSet', { context: { headers: { 'x y': 'a' } } }, 'spec.context.headers', '"x y" is not a header name'],
    ['FeatureFlagSet', { context: { headers: { x: '1' } } }, 'spec.context.headers.x', 'should match'],
    ['SidecarProfile', { interception: 'Magic' }, 'spec.interception', 'supported values: "PortName", "Redirect"'],
    ['SidecarProfile', { resources: { limits: { memory: '1 GB' } } }, 'limits.memory', 'is not a quantity'],
    ['SidecarProfile', { tracing: { endpoint: 'otel:4318' } }, 'spec.tracing.endpoint', 'should match'],
    ['LiveConfig', { configMap: 'A_b' }, 'spec.configMap', 'is not an object name'],
    ['LiveConfig', {}, 'spec.configMap', 'Required value'],
  ])('%s %j', async (kind, spec, field, words) => {
    const { status, message } = await ask(kind, spec);
    expect([400, 422]).toContain(status);
    expect(message).toContain(field);
    expect(message).toContain(words);
  });
});

describe('a null', () => {
  const spec = { mode: null, inbound: { defaults: { concurrency: null, circuitBreaker: { slidingWindow: null } } } };

  test('that is a block stays, as the name of that block; any other is as good as not written', async () => {
    const { mode: _, ...kept } = spec;
    expect((await created('ResiliencePolicy', spec, 'nulls')).spec).toEqual(kept);
  });

  test('that is a block stays when it is applied on the server', async () => {
    const { mode: _, ...kept } = spec;
    const path = `${pathOf('ResiliencePolicy')}/applied?fieldManager=tests`;
    const applied = object('ResiliencePolicy', kept, 'applied');
    const answer = await api.call('PATCH', path, applied, 'application/apply-patch+yaml');
    expect(answer).toMatchObject({ status: 201, body: { spec: kept } });
  });
});

describe('kubectl get', () => {
  const statuses = {
    conditions: [
      { type: 'Accepted', status: 'True', lastTransitionTime: '2026-01-31T12:00:00Z', reason: 'Accepted', message: '' },
    ],
    pods: { matched: 2, programmed: 1, rejected: 0 },
    programmed: '1/2',
    openCircuits: 'user',
    version: 'sha256:1',
    propagationMs: 7.5,
  };

  test.each<[Kind, spec: object, columns: string[], cells: unknown[]]>([
    [
      'ResiliencePolicy',
      { mode: 'Shadow' },
      ['Name', 'Mode', 'Accepted', 'Programmed', 'Open Circuits', 'Age'],
      ['shown', 'Shadow', 'True', '1/2', 'user'],
    ],
    ['FeatureFlagSet', {}, ['Name', 'Accepted', 'Programmed', 'Age'], ['shown', 'True', '1/2']],
    ['SidecarProfile', {}, ['Name', 'Accepted', 'Programmed', 'Age'], ['shown', 'True', '1/2']],
    [
      'LiveConfig',
      { configMap: 'shown' },
      ['Name', 'Accepted', 'Programmed', 'Open Circuits', 'Age'],
      ['shown', 'True', '1/2', 'user'],
    ],
  ])('of a %s shows its columns', async (kind, spec, columns, cells) => {
    await created(kind, spec, 'shown');
    const path = `${pathOf(kind)}/shown`;
    const written = await api.call(
      'PATCH',
      `${path}/status?fieldValidation=Strict`,
      { status: statuses },
      'application/merge-patch+json',
    );
    expect(written).toMatchObject({ status: 200, body: { metadata: { generation: 1 }, status: statuses } });
    const table = await api.table(path);
    expect(table.columns).toEqual(columns);
    expect(table.rows[0]?.slice(0, -1)).toEqual(cells);
  });

  test('fusebox is a category of all kinds', async () => {
    const { body } = await api.call('GET', `/apis/${API_VERSION}`);
    const { resources } = body as { resources: { name: string; shortNames?: string[]; categories?: string[] }[] };
    const kinds = resources.filter(({ name }) => !name.includes('/'));
    expect(kinds.flatMap(({ shortNames = [] }) => shortNames).toSorted()).toEqual(['ffset', 'lc', 'rp', 'scp']);
    expect(kinds.every(({ categories = [] }) => categories.includes('fusebox'))).toBe(true);
  });
});
