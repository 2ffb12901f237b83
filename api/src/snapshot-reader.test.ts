import { describe, expect, test } from 'vitest';

import { compile } from './compile/compile.ts';
import { readSnapshot } from './snapshot-reader.ts';
import { configMap, resiliencePolicy } from './testing/builders.ts';

const { snapshot } = compile(
  [
    resiliencePolicy({
      inbound: {
        defaults: { concurrency: {}, rateLimit: { requestsPerSecond: 2.5 } },
        routes: [
          { name: 'a', match: { path: '/a/:id' } },
          { name: 'b', match: { pathPrefix: '/b', headers: [{ name: 'x', exact: 'y' }] } },
          { name: 'c', match: { path: '/c' } },
          { name: 'd', match: { path: '/c' }, when: { flag: 'on', variant: 'off' } },
        ],
      },
    }),
    configMap({ flags: { on: true } }),
  ],
  { namespace: null, workloads: [], labels: null },
);

test('what the compiler writes is read as it is', () => {
  expect(readSnapshot(structuredClone(snapshot))).toEqual({ snapshot });
});

test('routes that a flag selects are required of the reader, and only where there are some', () => {
  expect(snapshot.requires).toEqual(['flag-routes']);
  expect(compile([configMap({ flags: { on: true } })], { namespace: null, workloads: [], labels: null })).toMatchObject(
    {
      snapshot: { requires: [] },
    },
  );
});

test('fields that this version does not know are dropped, wherever they stand', () => {
  const newer = structuredClone(snapshot) as unknown as Record<string, Record<string, object>>;
  Object.assign(newer, { outbound: [1] });
  Object.assign(newer['inbound']!, { priority: 'High' });
  Object.assign(newer['inbound']!['defaults']!, {
    algorithm: 'Vegas',
    concurrency: { ...snapshot.inbound.defaults.concurrency, minLimit: 1 },
  });
  expect(readSnapshot(newer)).toEqual({ snapshot });
});

describe('a snapshot is refused', () => {
  test.each<[why: string, change: object, fault: string]>([
    ['of another format', { format: 2 }, 'format: this version reads format 1 only'],
    ['that requires what is not known', { requires: ['outbound'] }, 'requires: "outbound" is not known here'],
    ['without a digest', { digest: 'abc' }, 'digest: must match pattern "^sha256:[0-9a-f]{64}$"'],
    ['with a wrong type', { flags: { a: 'true' } }, 'flags.a: must be boolean'],
    ['with a field missing', { tracing: {} }, 'tracing: must have required properties sampleRatio'],
    [
      'out of range',
      { inbound: { ...snapshot.inbound, routes: [{ ...snapshot.inbound.defaults, timeoutMs: 0 }] } },
      'inbound.routes.0.timeoutMs: must be > 0',
    ],
  ])('%s', (_why, change, fault) => {
    const reading = readSnapshot({ ...snapshot, ...change });
    expect('faults' in reading && reading.faults[0]).toBe(fault);
  });

  test.each([null, undefined, 1, 'x', [], {}, () => 1])('that is none: %o', (value) => {
    expect(readSnapshot(value)).toHaveProperty('faults');
  });
});
