import { compile } from '@fusebox/api/compile/compile.ts';
import { configMap, featureFlagSet } from '@fusebox/api/testing/builders.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { FlagsInForce, prepareFlags } from './flags-in-force.ts';
import { newFlagMetrics } from './io/flag-metrics.ts';
import { Simulation } from './testing/simulate.ts';

const newFlags = (registry = new MetricsRegistry()): FlagsInForce =>
  new FlagsInForce(() => undefined, newFlagMetrics(registry));
const anybody = { namespace: null, workloads: [], labels: null };
const snapshotOf = (flags: object) => compile([featureFlagSet({ flags })], anybody).snapshot;
const full = (defaultVariant: string, more: object = {}) => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant,
  ...more,
});

test('flags that are true or false need nothing to be loaded', () => {
  const { snapshot } = compile([configMap({ flags: { a: true } })], anybody);
  expect(snapshot.flagDefinitions).toBeUndefined();
  expect(prepareFlags(snapshot)).toBeNull();
});

test('definitions need what evaluates them, and change nothing until it is there', async () => {
  const flags = newFlags();
  flags.apply(snapshotOf({ a: true }));
  const next = snapshotOf({ a: false, b: full('on') });
  const loading = prepareFlags(next);
  expect(loading).not.toBeNull();
  expect(() => flags.apply(next)).toThrow('before what evaluates them');
  expect(flags.evaluate('a', {}, 0).value).toBe(true);
  await loading;
  flags.apply(next);
  expect(flags.keys()).toEqual(['a', 'b']);
  expect(prepareFlags(next)).toBeNull();
});

describe('with definitions', () => {
  beforeAll(() => prepareFlags({ flagDefinitions: {} }));

  test('a flag that is not there, and one with the name of what every object has, is not found', () => {
    const flags = newFlags();
    flags.apply(snapshotOf({ a: true }));
    for (const key of ['b', 'toString', '__proto__', 'constructor']) {
      expect(flags.evaluate(key, {}, 0)).toMatchObject({ value: undefined, error: { code: 'FLAG_NOT_FOUND' } });
    }
  });

  test('the version changes with flags, and with nothing else', () => {
    const flags = newFlags();
    const versionOf = (set: object): string => {
      flags.apply(snapshotOf(set));
      return flags.versionAt(0);
    };
    const first = versionOf({ a: true, b: full('on') });
    expect(versionOf({ b: full('on'), a: true })).toBe(first);
    expect(versionOf({ a: true, b: full('off') })).not.toBe(first);
    expect(versionOf({ a: true, b: full('on') })).toBe(first);
  });

  describe('a gated feature that follows the circuit of another route', () => {
    const settings = (offWhile: object): string =>
      [
        {
          kind: 'ResiliencePolicy',
          metadata: { name: 'users' },
          spec: {
            inbound: {
              routes: [
                { name: 'feature', match: { path: '/feature' }, flag: 'feature' },
                {
                  name: 'user',
                  match: { path: '/user' },
                  circuitBreaker: {
                    failureThreshold: 1,
                    resetTimeout: '2s',
                    resetJitter: 0,
                    halfOpenAllowedRequests: 1,
                  },
                },
              ],
            },
          },
        },
        {
          kind: 'FeatureFlagSet',
          metadata: { name: 'users' },
          spec: { flags: { feature: full('on', { offWhile: { circuitOpen: 'inbound/user', ...offWhile } }) } },
        },
      ]
        .map((document) => JSON.stringify({ apiVersion: 'fusebox.dev/v1alpha1', ...document }))
        .join('\n---\n');
    const statusOf = (sim: Simulation, target: string): number => {
      const client = sim.get(target);
      sim.advance(0);
      return client.answer.status;
    };

    test('is off from when the circuit opens until its wait is over', () => {
      const sim = new Simulation(settings({}));
      expect(statusOf(sim, '/feature')).toBe(200);
      sim.service.behave = () => ({ status: 500 });
      statusOf(sim, '/user');
      sim.service.behave = () => ({});
      expect(statusOf(sim, '/feature')).toBe(404);
      sim.advance(1_999);
      expect(statusOf(sim, '/feature')).toBe(404);
      sim.advance(1);
      expect(statusOf(sim, '/feature')).toBe(200);
    });

    test('waits before it goes off, and before it comes on, as long as it is told', () => {
      const sim = new Simulation(settings({ for: '500ms', recoverAfter: '1s' }));
      sim.service.behave = () => ({ status: 500 });
      statusOf(sim, '/user');
      sim.service.behave = () => ({});
      const seen = Array.from({ length: 8 }, () => {
        const status = statusOf(sim, '/feature');
        sim.advance(500);
        return status;
      });
      expect(seen).toEqual([200, 404, 404, 404, 404, 404, 200, 200]);
    });
  });
});
