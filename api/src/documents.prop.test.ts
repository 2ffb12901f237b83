import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { formatFault, readDocuments } from './documents.ts';
import { compile } from './compile/compile.ts';

const nobody = { namespace: null, workloads: [], labels: null };

/** Pieces of YAML and of our documents, so that junk gets past the first lines of the reader. */
const piece = fc.constantFrom(
  'apiVersion: fusebox.dev/v1alpha1\n',
  'apiVersion: v1\n',
  'kind: ResiliencePolicy\n',
  'kind: ConfigMap\n',
  'kind: FeatureFlagSet\n',
  'metadata: {name: a}\n',
  'metadata:\n  labels: {fusebox.dev/config: "true"}\n  name: c\n',
  'spec:\n',
  '  inbound:\n',
  '    routes:\n',
  '      - name: a\n',
  '    defaults: ',
  'data:\n',
  '  policy.yaml: |\n',
  '  flags.yaml: ',
  'flags: {a: true}\n',
  '---\n',
  '...\n',
  '&a ',
  '*a',
  '<<: ',
  '? ',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '|\n',
  '!!str ',
  '!x ',
  '%YAML 1.1\n',
  '\t',
  ' ',
  '\n',
  '\u0000',
  '\uFEFF',
  'on',
  '~',
  '.nan',
  '1e999',
);

test('junk never throws: it is documents or faults', () => {
  const junk = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(
      fc.array(junk, { maxLength: 3 }),
      fc.constantFrom('a.yaml', 'policy.yaml', 'flags.yaml'),
      (texts, name) => {
        const { documents, faults } = readDocuments(texts.map((text) => ({ name, text })));
        expect(faults.map(formatFault).every((line) => line.length > 0)).toBe(true);
        expect(compile(documents, nobody).snapshot.format).toBe(1);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('any value in any field is taken or refused, and what is taken compiles', () => {
  const keys = fc.constantFrom(
    'mode',
    'inbound',
    'routes',
    'defaults',
    'name',
    'match',
    'path',
    'pathPrefix',
    'methods',
    'headers',
    'timeout',
    'concurrency',
    'queue',
    'size',
    'rateLimit',
    'requestsPerSecond',
    'burst',
    'per',
    'header',
    'circuitBreaker',
    'slidingWindow',
    'type',
    'failOn',
    'resetTimeout',
    'selector',
    'matchLabels',
    'targetRefs',
    'tracing',
    'sampleRatio',
    '__proto__',
    'constructor',
    'toString',
  );
  const leaf = fc.constantFrom(
    null,
    true,
    0,
    1,
    -1,
    0.5,
    1e9,
    '',
    'a',
    '5s',
    '5x',
    'Enforce',
    'Shadow',
    'Time',
    '/users',
    '/:id',
    '5xx',
    'off',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
    ),
  }));
  let taken = 0;
  fc.assert(
    fc.property(fc.dictionary(keys, value, { maxKeys: 3 }), fc.boolean(), (spec, asProfile) => {
      const kind = asProfile ? 'SidecarProfile' : 'ResiliencePolicy';
      const text = stringify({ apiVersion: 'fusebox.dev/v1alpha1', kind, metadata: { name: 'a' }, spec });
      const { documents, faults } = readDocuments([{ name: 'a.yaml', text }]);
      expect(documents.length === 1).toBe(faults.length === 0);
      taken += documents.length;
      expect(compile(documents, nobody).snapshot.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(5);
});
