import { compile } from '@fusebox/api/compile/compile.ts';
import { readDocuments } from '@fusebox/api/documents.ts';
import { readSnapshot } from '@fusebox/api/snapshot-reader.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlagsInForce, prepareFlags } from './flags-in-force.ts';
import { newFlagMetrics } from './io/flag-metrics.ts';
import { evaluateAll, evaluateOne } from './ofrep.ts';

const key = fc.constantFrom('a', 'b', 'c', 'toString', 'constructor', '__proto__');
const flagKey = fc.constantFrom('a', 'b', 'c', 'toString', 'constructor', 'valueOf');
const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>('on', true, 1, null, {}, []));
const mostly = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: value }, { weight: 1, arbitrary: anything });
const values = fc.constantFrom(
  { variants: { on: true, off: false }, defaultVariant: 'on', offWhile: { circuitOpen: 'inbound/a' } },
  { variants: { on: true, off: false } },
  { variants: { x: 1, y: 0.5 }, defaultVariant: 'y' },
  { variants: { toString: 'u', x: 'v' }, defaultVariant: 'toString' },
  { variants: { x: { deep: [null] } }, defaultVariant: '' },
);
const rules = fc.constantFrom<unknown>(
  { if: [{ var: 'a' }, 'on', 'off'] },
  { fractional: [['x', 1]] },
  { var: 'toString' },
  { no_such_operator: [] },
  {},
  null,
);
const definition = fc
  .tuple(
    values,
    fc.record(
      {
        state: mostly(fc.constantFrom('ENABLED', 'ENABLED', 'DISABLED')),
        targeting: mostly(rules),
        metadata: mostly(fc.dictionary(key, fc.constantFrom('a', 1, false))),
      },
      { requiredKeys: ['state'] },
    ),
  )
  .map(([value, more]) => ({ ...value, ...more }));
const flagSpec = fc.record(
  {
    flags: mostly(fc.dictionary(flagKey, fc.oneof(fc.boolean(), definition), { maxKeys: 4 })),
    context: mostly(fc.constantFrom({ headers: { x: 'a' } }, {})),
    $evaluators: mostly(fc.dictionary(key, anything, { maxKeys: 2 })),
  },
  { requiredKeys: ['flags'] },
);
const body = fc.oneof(
  fc.record({ context: fc.oneof(fc.dictionary(key, anything), anything) }).map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 2 }),
  fc.constantFrom('', ' ', '{', '{}', '{"context":{"targetingKey":"u"}}'),
);

test('whatever is written and whatever is asked, each answer is JSON, and all flags at once say what they say one by one', async () => {
  await prepareFlags({ flagDefinitions: {} });
  const seen = { documents: 0, answers: 0, refusals: 0, left: 0 };
  fc.assert(
    fc.property(flagSpec, body, (spec, asked) => {
      const object = { apiVersion: 'fusebox.dev/v1alpha1', kind: 'FeatureFlagSet', metadata: { name: 'a' }, spec };
      const { documents } = readDocuments([{ name: 'a.yaml', text: JSON.stringify(object) }]);
      if (documents.length === 0) return;
      seen.documents++;
      const { snapshot } = compile(documents, { namespace: null, workloads: [], labels: null });
      expect(readSnapshot(JSON.parse(JSON.stringify(snapshot)))).toHaveProperty('snapshot');
      const flags = new FlagsInForce(() => undefined, newFlagMetrics(new MetricsRegistry()));
      flags.apply(snapshot);
      const reader = {
        keys: () => flags.keys(),
        evaluate: (name: string, of: object) => flags.evaluate(name, { ...of }, 0),
      };
      const all = evaluateAll(asked, reader, []);
      const told = JSON.parse(all.body) as { flags?: { key: string }[] };
      const single = flags.keys().map((name) => {
        const { status, body: text } = evaluateOne(name, asked, reader);
        expect([200, 400]).toContain(status);
        return JSON.parse(text) as { key: string; value?: unknown; errorCode?: string };
      });
      if (all.status === 400) {
        seen.refusals++;
        expect(single.every(({ errorCode }) => errorCode !== undefined)).toBe(true);
        return;
      }
      expect(told.flags).toEqual(
        single.filter(({ value, errorCode }) => value !== undefined || errorCode !== undefined),
      );
      seen.answers += told.flags!.length;
      seen.left += single.length - told.flags!.length;
    }),
    { numRuns: 500 },
  );

  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});
