import fc from 'fast-check';
import { expect, test } from 'vitest';

import { compile } from './compile/compile.ts';
import { readSnapshot } from './snapshot-reader.ts';

const { snapshot } = compile([], { namespace: null, workloads: [], labels: null });

test('junk never throws', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true }), (junk) => {
      expect(readSnapshot(junk)).toHaveProperty('faults');
      const content = { ...snapshot, ...Object(junk), extra: junk };
      expect(['snapshot', 'faults']).toContain(Object.keys(readSnapshot(content))[0]);
    }),
  );
});

test('a snapshot with one field replaced by junk is refused, or is read as it was sent', () => {
  const paths = [
    ['inbound'],
    ['flags'],
    ['inbound', 'defaults'],
    ['inbound', 'defaults', 'circuitBreaker'],
    ['inbound', 'mode'],
    ['requires'],
    ['sources'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, junk) => {
      const spoilt = structuredClone(snapshot) as unknown as Record<string, unknown>;
      let parent = spoilt;
      for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
      parent[path.at(-1)!] = junk;
      const reading = readSnapshot(spoilt);
      if ('snapshot' in reading) expect(spoilt).toMatchObject(reading.snapshot);
      else expect(reading.faults.length).toBeGreaterThan(0);
    }),
  );
});
