/**
 * The same demands are written twice: for the compiler, and in RE2 and CEL for the API server. Here both judge the same
 * texts: what the compiler takes the API server must never refuse, and it lets nothing pass but what docs/kinds.md tells.
 */
import { randomBytes } from 'node:crypto';
import { readObject } from '@fusebox/api/document.ts';
import { API_VERSION } from '@fusebox/api/names.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { installKinds } from './support/install-kinds.ts';

const api = new ApiClient(readKubeconfig(inject('cluster').kubeconfigPath));
const namespace = `agree-${randomBytes(4).toString('hex')}`;
const path = `/apis/${API_VERSION}/namespaces/${namespace}/resiliencepolicies?dryRun=All&fieldValidation=Strict`;

beforeAll(async () => {
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await installKinds(api);
}, 90_000);

afterAll(async () => {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

const joined = (piece: fc.Arbitrary<string>, separator: string, maxLength: number): fc.Arbitrary<string> =>
  fc.array(piece, { maxLength }).map((pieces) => pieces.join(separator));
/** Right pieces nine times of ten, or most texts would be wrong in several ways. */
const pieces = (right: readonly string[], wrong: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });

const amounts = pieces(['0', '1', '5', '24', '90', '0.5', '1.001'], ['1.0005', '1.5', '.', '', '-1', '999999999999']);
const durations = joined(
  fc.tuple(amounts, pieces(['h', 'm', 's', 'ms'], ['', ' ', 'd'])).map(([amount, unit]) => amount + unit),
  '',
  3,
);
const paths = joined(
  pieces(
    ['a', 'b.c', ':id', ':_x9', '%C3%A4', 'ä', '~', '𝒳', "a'b"],
    ['', '.', '%2e%2E', '%2', '%zz', '*', 'a?', '#', ':', ':9', ':a-b', 'a b', '"', '\\', '`', '|', '^', '{', '\u007f'],
  ),
  '/',
  5,
).chain((rest) => pieces([`/${rest}`], [rest]));
const tokens = joined(
  pieces(['a', 'b', '9', '-a', '.a', 'x'.repeat(31)], ['B', '_', '/', ' ', 'ä', '\n', '!', '~', ':', '.', '-']),
  '',
  4,
);

const route = (fields: object): object => ({ inbound: { routes: [{ name: 'a', ...fields }] } });
const breaker = (circuitBreaker: object): object => ({ inbound: { defaults: { circuitBreaker } } });
const parameters = (written: string): string[] => written.match(/\/:[^/]*/g) ?? [];
const smallParts = (written: string): boolean => /\.\d+[hm]/.test(written);
const never = (): boolean => false;

interface Case {
  texts: fc.Arbitrary<string>;
  spec(text: string): object;
  /** What only the compiler finds. */
  gap(text: string): boolean;
}

const cases: [field: string, Case][] = [
  ['timeout', { texts: durations, spec: (timeout) => route({ timeout }), gap: smallParts }],
  [
    'resetTimeout',
    {
      texts: durations,
      spec: (resetTimeout) => breaker({ resetTimeout }),
      gap: smallParts,
    },
  ],
  [
    'path',
    {
      texts: paths,
      spec: (written) => route({ match: { path: written } }),
      gap: (written) => new Set(parameters(written)).size < parameters(written).length,
    },
  ],
  ['pathPrefix', { texts: paths, spec: (pathPrefix) => route({ match: { pathPrefix } }), gap: never }],
  ['a route name', { texts: tokens, spec: (name) => ({ inbound: { routes: [{ name }] } }), gap: never }],
  ['a method', { texts: tokens, spec: (method) => route({ match: { methods: [method] } }), gap: never }],
  [
    'a header name',
    { texts: tokens, spec: (name) => route({ match: { headers: [{ name, exact: 'a' }] } }), gap: never },
  ],
  [
    'a header value',
    { texts: tokens, spec: (exact) => route({ match: { headers: [{ name: 'a', exact }] } }), gap: never },
  ],
  ['a flag', { texts: tokens, spec: (flag) => route({ flag }), gap: never }],
  ['a label value', { texts: tokens, spec: (value) => ({ selector: { matchLabels: { a: value } } }), gap: never }],
  ['a label key', { texts: tokens, spec: (key) => ({ selector: { matchLabels: { [key]: 'a' } } }), gap: never }],
  ['a name', { texts: tokens, spec: (name) => ({ targetRefs: [{ kind: 'Service', name }] }), gap: never }],
];

test.each(cases)('the compiler and the API server agree about %s', async (_field, { texts, spec, gap }) => {
  const verdicts = { taken: 0, refused: 0 };
  const property = fc.asyncProperty(texts, async (written) => {
    const object = { apiVersion: API_VERSION, kind: 'ResiliencePolicy', metadata: { name: 'a' }, spec: spec(written) };
    const { status, body } = await api.call('POST', path, object);
    const ours = 'document' in readObject(object, null);
    verdicts[ours ? 'taken' : 'refused'] += 1;
    if (ours) expect(body).not.toHaveProperty('message');
    else if (!gap(written)) expect([400, 422]).toContain(status);
  });
  await fc.assert(property, { numRuns: 100 });
  expect(Math.min(verdicts.taken, verdicts.refused)).toBeGreaterThan(5);
});
