/** Whatever a pod is like: it is injected once, its own parts stay, and the patch says exactly what changed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { injectionSettings } from './injection-settings.ts';
import { jsonPatch, type PatchOperation } from './json-patch.ts';
import type { Container, Pod } from './pod.ts';
import { inject } from './pod-patch.ts';

const portName = fc.constantFrom('http', 'web', 'metrics', 'a/b~c');
const target = fc.oneof(portName, fc.constantFrom(8080, 9090, 3000));
const handler = fc.oneof(
  fc.record({ httpGet: fc.record({ path: fc.constantFrom('/', '/ready', 'live'), port: target }) }),
  fc.record({ tcpSocket: fc.record({ port: target }) }),
  fc.record({ exec: fc.constant({ command: ['true'] }) }),
);
const port = fc.record(
  { name: portName, containerPort: fc.constantFrom(8080, 9090, 3000, 4143), protocol: fc.constantFrom('TCP', 'UDP') },
  { requiredKeys: ['containerPort'] },
);
const container = (prefix: string): fc.Arbitrary<Container> =>
  fc.record(
    {
      name: fc.constantFrom(`${prefix}-1`, `${prefix}-2`, `${prefix}-3`),
      image: fc.constant('image'),
      ports: fc.uniqueArray(port, { maxLength: 2, selector: ({ name }) => name ?? '' }),
      env: fc.uniqueArray(fc.record({ name: fc.constantFrom('OFREP_ENDPOINT', 'A', 'B') }), {
        selector: (one) => one.name,
      }),
      volumeMounts: fc.array(fc.constant({ name: 'own', mountPath: '/own' }), { maxLength: 1 }),
      readinessProbe: handler,
      livenessProbe: handler,
      startupProbe: handler,
      lifecycle: fc.record({ preStop: handler, postStart: handler }, { requiredKeys: [] }),
    },
    { requiredKeys: ['name', 'image'] },
  );
const containers = (prefix: string, minLength: number): fc.Arbitrary<Container[]> =>
  fc.uniqueArray(container(prefix), { minLength, maxLength: 3, selector: ({ name }) => name });
const pod: fc.Arbitrary<Pod> = fc.record({
  metadata: fc.record(
    {
      name: fc.constant('users'),
      annotations: fc.dictionary(fc.constantFrom('fusebox.dev/port', 'own/note'), target.map(String)),
    },
    { requiredKeys: ['name'] },
  ),
  spec: fc.record(
    {
      containers: containers('service', 1),
      initContainers: containers('init', 0),
      volumes: fc.array(fc.constantFrom({ name: 'own' }, { name: 'fusebox-live' }), { maxLength: 1 }),
      hostNetwork: fc.constantFrom(false, false, false, true),
      terminationGracePeriodSeconds: fc.constantFrom(0, 1, 30, 600),
    },
    { requiredKeys: ['containers'] },
  ),
});
const profile = fc.record({ interception: fc.constantFrom('PortName' as const, 'Redirect' as const) });
const images = { sidecarImage: 'sidecar', redirectImage: 'redirect' };

const injected = (given: Pod, settings: ReturnType<typeof injectionSettings>) =>
  inject(given, { settings, operatorUrl: 'https://operator:4150', workload: null, serverMinor: 34 });

/** RFC 6902, as far as it is used. */
function applied(document: unknown, operations: readonly PatchOperation[]): unknown {
  const root = structuredClone({ document }) as Record<string, unknown>;
  for (const operation of operations) {
    const keys = ['document', ...operation.path.split('/').slice(1)].map((key) =>
      key.replaceAll('~1', '/').replaceAll('~0', '~'),
    );
    const last = keys.pop()!;
    const parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, root);
    if (operation.op !== 'add' && !(last in parent)) throw new Error(`nothing at ${operation.path}`);
    if (operation.op === 'remove') delete parent[last];
    else parent[last] = operation.value;
  }
  return root['document'];
}

const duplicates = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);

test('a pod is injected once, and its own parts stay as they are', () => {
  let count = 0;
  fc.assert(
    fc.property(pod, profile, (before, spec) => {
      const untouched = structuredClone(before);
      const settings = injectionSettings(spec, images);
      const outcome = injected(before, settings);
      expect(before).toEqual(untouched);
      if (!('pod' in outcome)) return;
      const after = outcome.pod;
      expect(applied(before, jsonPatch(before, after))).toEqual(after);
      expect(injected(after, settings)).toMatchObject({ pod: after, notInjected: outcome.notInjected });
      const { containers: own, initContainers = [], volumes = [] } = after.spec;
      if (outcome.notInjected) {
        expect(after.spec).toEqual(before.spec);
        return;
      }
      count += 1;
      const ownInit = initContainers.filter(({ name }) => name.startsWith('init-'));
      expect(ownInit).toEqual(before.spec.initContainers ?? []);
      expect(duplicates([...own, ...initContainers].map(({ name }) => name))).toEqual([]);
      expect(duplicates(volumes.map(({ name }) => name))).toEqual([]);
      for (const one of own) {
        expect(duplicates((one.env ?? []).map(({ name }) => name))).toEqual([]);
        expect(duplicates((one.volumeMounts ?? []).map(({ mountPath }) => mountPath))).toEqual([]);
      }
      expect(namedPorts(after.spec.containers, initContainers)).toEqual(
        namedPorts(before.spec.containers, before.spec.initContainers ?? []),
      );
    }),
    { numRuns: 400 },
  );
  expect(count).toBeGreaterThan(40);
});

/** Names by which Services find a port, each once. What is new in the sidecar is not the service's. */
const namedPorts = (own: readonly Container[], init: readonly Container[]): string[] =>
  [...own, ...init]
    .flatMap(({ ports = [] }) => ports.flatMap(({ name }) => name ?? []))
    .filter((name) => !name.startsWith('fusebox-'))
    .toSorted();

test('every probe and hook finds its port in its own container, if it did before', () => {
  fc.assert(
    fc.property(pod, profile, (before, spec) => {
      const outcome = injected(before, injectionSettings(spec, images));
      if (!('pod' in outcome)) return;
      const numbers = outcome.pod.spec.containers.map(portsOf);
      expect(numbers).toEqual(before.spec.containers.map(portsOf));
    }),
    { numRuns: 400 },
  );
});

/** Where the kubelet goes: the number, or nothing. */
function portsOf(one: Container): unknown[] {
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = one;
  return [startupProbe, readinessProbe, livenessProbe, lifecycle?.postStart, lifecycle?.preStop].map((given) => {
    const at = given?.httpGet?.port ?? given?.tcpSocket?.port;
    return typeof at === 'string' ? one.ports?.find(({ name }) => name === at)?.containerPort : at;
  });
}

test('the API server admits every pause: it is shorter than the grace period', () => {
  fc.assert(
    fc.property(pod, profile, (before, spec) => {
      const outcome = injected(before, injectionSettings(spec, images));
      if (!('pod' in outcome) || outcome.notInjected) return;
      const { containers: own, terminationGracePeriodSeconds: graceSeconds = 30 } = outcome.pod.spec;
      for (const { lifecycle } of own) {
        const pause = lifecycle?.preStop?.['sleep'] as { seconds: number } | undefined;
        if (pause !== undefined) expect(pause.seconds).toBeLessThan(graceSeconds);
      }
    }),
    { numRuns: 400 },
  );
});
