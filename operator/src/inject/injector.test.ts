import type { Clock } from '@fusebox/api/clock.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { expect, test } from 'vitest';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { newInjector } from './injector.ts';

function start() {
  const time = new FakeTime();
  const clock: Clock = { nowMs: () => time.nowMs(), wallMs: () => time.wallMs() };
  const asking = new Set<string>();
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const caches = {
    ready: false,
    fleet: { profileFor: () => ({}) },
    watches: { asks: (name: string) => asking.has(name) },
  };
  const versions: (number | null | Error)[] = [];
  const metrics = new MetricsRegistry();
  const injector = newInjector({
    injection: { sidecarImage: 'sidecar', redirectImage: 'redirect', operatorUrl: 'https://operator:4150' },
    caches,
    bundles: { provide: async () => {} },
    client: {
      serverMinor: async () => {
        const next = versions.shift()!;
        if (next instanceof Error) throw next;
        return next;
      },
    },
    clock,
    timers: time,
    metrics,
    log: { debug: note, info: note, warn: note, error: note },
  });
  return { time, caches, asking, versions, lines, metrics, injector };
}

/** What a promise has come to by now. */
function outcome(promise: Promise<unknown>): { now: string } {
  const seen = { now: 'nothing' };
  promise.then(
    (value) => (seen.now = String(value)),
    (error: unknown) => (seen.now = String(error)),
  );
  return seen;
}

test('an answer waits until everything has been seen, and not longer than the API server waits for it', async () => {
  const { time, caches, injector } = start();
  const late = outcome(injector.known());
  await time.pass(4_900);
  expect(late.now).toBe('nothing');
  await time.pass(200);
  expect(late.now).toMatch(/not all profiles and namespaces have been seen/);
  const next = outcome(injector.known());
  caches.ready = true;
  await time.pass(20);
  expect(next.now).toBe('undefined');
});

test('the label of a namespace may be on its way', async () => {
  const { time, asking, injector } = start();
  const never = outcome(injector.namespaceAsks('shop'));
  const soon = outcome(injector.namespaceAsks('bank'));
  await time.pass(500);
  asking.add('bank');
  await time.pass(20);
  expect([never.now, soon.now]).toEqual(['nothing', 'true']);
  await time.pass(1_000);
  expect(never.now).toBe('false');
});

test('the version of Kubernetes is asked for now and then; while it cannot be had, the last one holds', async () => {
  const { time, versions, lines, injector } = start();
  versions.push(new Error('away'), 33, new Error('away'), 34);
  expect(await injector.serverMinor()).toBeNull();
  expect(await injector.serverMinor()).toBe(33);
  expect(await injector.serverMinor()).toBe(33);
  await time.pass(600_000);
  expect(await injector.serverMinor()).toBe(33);
  expect(await injector.serverMinor()).toBe(34);
  expect(lines).toHaveLength(2);
});

test('what becomes of pods is counted, and told where they were given nothing', async () => {
  const { metrics, lines, injector } = start();
  injector.onDecision('injected', { namespace: 'shop', name: 'users-1' }, null);
  injector.onDecision('not-injected', { namespace: 'shop', name: 'users-2' }, 'it has several ports');
  await settle();
  expect(metrics.render()).toContain('fusebox_operator_pod_reviews_total{outcome="not-injected"} 1');
  expect(lines).toEqual(['a pod was not injected']);
});
