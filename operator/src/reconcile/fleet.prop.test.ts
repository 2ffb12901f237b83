/**
 * What costs little must not be wrong: after any changes, groups that were compiled only when they were named stand where a
 * compilation of everything, by somebody who remembers nothing, puts them.
 */
import { compile } from '@fusebox/api/compile/compile.ts';
import { judgeAim } from '@fusebox/api/compile/who.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/resource.ts';
import { Fleet } from './fleet.ts';
import { inForceOf } from './in-force.ts';
import { type PodFacts, type ServiceFacts, whoOf } from './pod-facts.ts';
import { Settlement } from './settlement.ts';
import { readSource, type Source, sourceKey, withReach } from './source.ts';

const labels = fc.record({ app: fc.constantFrom('users', 'orders'), tier: fc.constantFrom('gold', 'iron') });
const deployment = fc.constantFrom('users', 'orders');
const timeout = fc.constantFrom('1s', '2s', 'never');
const spec = fc.record(
  {
    targetRefs: fc.tuple(
      fc.oneof(
        deployment.map((name) => ({ kind: 'Deployment', name })),
        fc.constant({ kind: 'Service', name: 'front' }),
      ),
    ),
    selector: labels.map((matchLabels) => ({ matchLabels })),
    inbound: timeout.map((text) => ({ defaults: { timeout: text } })),
  },
  { requiredKeys: ['inbound'] },
);
const namespace = fc.constantFrom('shop', 'bank');
const step = fc.oneof(
  fc.record({
    do: fc.constant('source' as const),
    namespace,
    name: fc.constantFrom('a', 'b', 'c'),
    spec: fc.option(spec),
  }),
  // The profile of the whole cluster stands in a namespace that has no pods.
  fc.record({ do: fc.constant('profile' as const), spec: fc.option(timeout) }),
  fc.record({
    do: fc.constant('pod' as const),
    namespace,
    uid: fc.constantFrom('1', '2', '3', '4'),
    labels: fc.option(labels),
    owner: fc.option(deployment),
  }),
  fc.record({ do: fc.constant('service' as const), namespace, selector: fc.option(labels) }),
);

const POD = { ready: true, ending: false, sidecar: { kind: 'own' as const } };

function clusterProfile(text: string, generation: number): Source {
  const object: KubeObject = {
    apiVersion: 'fusebox.dev/v1alpha1',
    kind: 'SidecarProfile',
    metadata: { name: 'default', namespace: 'fusebox', uid: 'profile', generation },
    spec: { defaults: { inbound: { timeout: text } } },
  };
  return withReach(readSource('SidecarProfile', object, null, 0), 'fusebox');
}

test('groups that are compiled only when a change names them obey what everything together says', () => {
  let compared = 0;
  let faulty = 0;
  const run = (steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): void => {
    const fleet = new Fleet();
    const settlement = new Settlement(fleet);
    const sent = new Map<string, string>();
    const sources = new Map<string, { source: Source; lastGood: Source | null }>();
    const pods = new Map<string, PodFacts>();
    const services = new Map<string, ServiceFacts>();
    let generation = 0;
    for (const change of steps) {
      generation += 1;
      let touched: string[];
      if (change.do === 'profile') {
        const key = sourceKey({ kind: 'SidecarProfile', namespace: 'fusebox', name: 'default' });
        if (change.spec === null || change.spec === 'never') {
          sources.delete(key);
          touched = fleet.setSource(key, 'fusebox', null);
        } else {
          const source = clusterProfile(change.spec, generation);
          sources.set(key, { source, lastGood: source });
          const inForce = inForceOf(source, null, { revision: null, wasAccepted: false });
          touched = fleet.setSource(key, 'fusebox', { source, inForce });
        }
      } else if (change.do === 'source') {
        const key = sourceKey({ kind: 'ResiliencePolicy', ...change });
        const before = sources.get(key) ?? null;
        if (change.spec === null) {
          sources.delete(key);
          touched = fleet.setSource(key, change.namespace, null);
        } else {
          const uid = before?.source.uid ?? `uid-${generation}`;
          const metadata = { name: change.name, namespace: change.namespace, uid, generation };
          const object: KubeObject = {
            apiVersion: 'fusebox.dev/v1alpha1',
            kind: 'ResiliencePolicy',
            metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
            spec: { ...change.spec },
          };
          const source = readSource('ResiliencePolicy', object, before?.source ?? null, 0);
          const good = 'document' in source.reading;
          if (!good) faulty += 1;
          sources.set(key, { source, lastGood: good ? source : (before?.lastGood ?? null) });
          const known = fleet.ruling(key, change.namespace)?.inForce ?? null;
          const inForce = inForceOf(source, known, { revision: null, wasAccepted: false });
          touched = fleet.setSource(key, change.namespace, { source, inForce });
        }
      } else if (change.do === 'pod') {
        const uid = `${change.namespace}-${change.uid}`;
        const owner = change.owner === null ? null : { kind: 'Deployment', name: change.owner };
        const facts: PodFacts | null =
          change.labels === null
            ? null
            : { ...POD, namespace: change.namespace, name: uid, uid, labels: change.labels, owner };
        if (facts === null) pods.delete(uid);
        else pods.set(uid, facts);
        touched = fleet.setPod(uid, facts, 0);
      } else {
        const facts =
          change.selector === null
            ? null
            : { namespace: change.namespace, name: 'front', selector: change.selector, ports: [] };
        if (facts === null) services.delete(change.namespace);
        else services.set(change.namespace, facts);
        touched = fleet.setService(`${change.namespace}/front`, change.namespace, facts, 0);
      }
      for (const group of touched) {
        const digest = settlement.settle(group)?.compiled?.snapshot.digest;
        for (const uid of fleet.group(group)?.pods ?? []) sent.set(uid, digest!);
      }
    }
    for (const [uid, facts] of pods) {
      const who = whoOf(
        facts,
        [...services.values()].filter((service) => service.namespace === facts.namespace),
      );
      const documents = [...sources.values()].flatMap(({ lastGood }) =>
        lastGood !== null && 'document' in lastGood.reading ? [lastGood.reading.document] : [],
      );
      const ours = documents.filter((document) => judgeAim(document, who) === 'ours');
      expect(sent.get(uid)).toBe(compile(ours, who).snapshot.digest);
      if (ours.length > 0) compared += 1;
    }
    expect(fleet.sizes.pods).toBe(pods.size);
    expect(settlement.size).toBeLessThanOrEqual(fleet.sizes.groups);
  };
  fc.assert(fc.property(fc.array(step, { minLength: 30, maxLength: 60 }), run), { numRuns: 200 });
  expect(compared).toBeGreaterThan(15);
  expect(faulty).toBeGreaterThan(15);
});
