import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MetricsRegistry } from './metrics.ts';

const edges = [0, 0.001, 0.0010000001, 0.25, 0.5, 1, 9.999, 10, 10.1, 1e9];
const seconds = fc.oneof(fc.constantFrom(...edges), fc.double({ min: 0, max: 20, noNaN: true }));
const bounds = fc.uniqueArray(
  fc.oneof(fc.constantFrom(0.001, 0.25, 1, 10), fc.double({ min: 0, max: 20, noNaN: true })),
  {
    maxLength: 12,
  },
);

test('each bucket counts exactly the observations that are not above its bound', () => {
  fc.assert(
    fc.property(fc.array(seconds, { maxLength: 40 }), bounds, (observed, drawn) => {
      const ascending = drawn.toSorted((a, b) => a - b);
      const registry = new MetricsRegistry();
      const histogram = registry.histogram('h', '', { route: 'x' }, ascending);
      for (const one of observed) histogram.observe(one);
      const text = registry.render();
      const rendered = [...text.matchAll(/^h_bucket\{route="x",le="([^"]+)"\} (\S+)$/gm)].map((line) => [
        line[1],
        Number(line[2]),
      ]);
      const expected = [...ascending, Infinity].map((bound) => [
        bound === Infinity ? '+Inf' : String(bound),
        observed.filter((one) => one <= bound).length,
      ]);
      expect(rendered).toEqual(expected);
      expect(text).toContain(`h_count{route="x"} ${observed.length}\n`);
    }),
  );
});
