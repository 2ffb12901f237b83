import { compile } from '@fusebox/api/compile/compile.ts';
import { readDocuments } from '@fusebox/api/documents.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlagsInForce, prepareFlags } from '../flags-in-force.ts';
import { newFlagMetrics } from '../io/flag-metrics.ts';

const OPERATORS = [
  ...['if', '==', '!=', '<', '>=', 'and', 'or', '!', '!!', 'in', 'map', 'filter', 'reduce', 'merge', 'cat', 'substr'],
  ...['var', 'missing', 'fractional', 'starts_with', 'ends_with', 'sem_ver', '+', '%', '/', 'max', '$ref'],
  ...['no_such_operator', 'toString', '__proto__', 'constructor', 'throw', 'preserve'],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>('on', 'off', 'a', 'a.b', 'shared', '', null, true, false, 0, -1, 50, 1e308, '1.2.3', '^'),
  fc.string(),
);
const { rule } = fc.letrec<{ rule: unknown }>((tie) => ({
  rule: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    leaf,
    fc.array(tie('rule'), { maxLength: 3 }),
    fc
      .tuple(fc.constantFrom(...OPERATORS), tie('rule'))
      .map(([operator, inside]) => Object.fromEntries([[operator, inside]])),
  ),
}));
const whole = fc
  .tuple(fc.constantFrom(...OPERATORS), rule)
  .map(([operator, inside]) => Object.fromEntries([[operator, inside]]));
const variants = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ on: true, off: false }) },
  fc.dictionary(fc.constantFrom('on', 'off', '__proto__', ''), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
);
const flag = fc.record({
  state: fc.constantFrom('ENABLED', 'ENABLED', 'ENABLED', 'ENABLED', 'DISABLED', 'Enabled'),
  variants,
  defaultVariant: fc.constantFrom(undefined, null, 'on', 'off', ''),
  targeting: fc.oneof({ weight: 9, arbitrary: whole }, fc.constant({}), rule),
});
const context = fc.dictionary(
  fc.constantFrom('a', 'targetingKey', '$flagd', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

test('whatever is written as a flag is refused or can be asked, and whatever asks gets a value or an error', async () => {
  await prepareFlags({ flagDefinitions: {} });
  const seen = { refused: 0, values: 0, defaults: 0, errors: 0 };
  fc.assert(
    fc.property(flag, fc.oneof(whole, leaf), context, (written, shared, asked) => {
      const spec = { flags: { written }, $evaluators: { shared } };
      const object = { apiVersion: 'fusebox.dev/v1alpha1', kind: 'FeatureFlagSet', metadata: { name: 'a' }, spec };
      const { documents } = readDocuments([{ name: 'a.yaml', text: JSON.stringify(object) }]);
      if (documents.length === 0) {
        seen.refused++;
        return;
      }
      const { snapshot } = compile(documents, { namespace: null, workloads: [], labels: null });
      const flags = new FlagsInForce(() => undefined, newFlagMetrics(new MetricsRegistry()));
      flags.apply(snapshot);
      const { value, variant, error } = flags.evaluate('written', asked, 0);
      if (error !== null) seen.errors++;
      else if (value === undefined) seen.defaults++;
      else {
        seen.values++;
        expect(value).toEqual(snapshot.flagDefinitions!['written']!.variants[variant!]);
      }
      if (error !== null) expect(value).toBeUndefined();
    }),
    { numRuns: 1_500 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});
