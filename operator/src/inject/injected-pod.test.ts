import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/resource.ts';
import { bypassesOf } from '../reconcile/bypasses.ts';
import { podFacts, serviceFacts } from '../reconcile/pod-facts.ts';
import { podSidecar } from './injected-pod.ts';
import { injectionSettings } from './injection-settings.ts';
import type { Pod } from './pod.ts';
import { inject } from './pod-patch.ts';

const pod = (more: Partial<KubeObject['metadata']> = {}, container: object = {}): KubeObject => ({
  metadata: { name: 'users-1', namespace: 'shop', uid: 'u', ...more },
  spec: {
    containers: [{ name: 'users', image: 'users', ports: [{ name: 'http', containerPort: 8080 }], ...container }],
  },
});

function injected(given: KubeObject, interception: 'PortName' | 'Redirect' = 'PortName'): KubeObject {
  const settings = injectionSettings({ interception }, { sidecarImage: 'sidecar', redirectImage: 'redirect' });
  const facts = { settings, operatorUrl: 'https://operator:4150', workload: null, serverMinor: null };
  const outcome = inject(given as unknown as Pod, facts);
  if (!('pod' in outcome)) throw new Error(outcome.contradiction);
  return outcome.pod as unknown as KubeObject;
}

test('an injected pod says how traffic comes to its sidecar', () => {
  const capture = { servicePort: 8080, redirected: false, portName: 'http' };
  expect(podSidecar(injected(pod()))).toEqual({ kind: 'injected', mark: expect.any(String), capture });
  expect(podSidecar(injected(pod(), 'Redirect'))).toMatchObject({ capture: { servicePort: 8080, redirected: true } });
  expect(podSidecar(injected(pod({}, { ports: [] })))).toMatchObject({ capture: { servicePort: null } });
});

const several = pod({}, { ports: [{ containerPort: 1 }, { containerPort: 2 }] });

test.each<[string, KubeObject, object]>([
  ['a pod as people write it', pod(), { kind: 'none', why: null }],
  ['one that could not be injected', injected(several), { kind: 'none', why: expect.stringMatching(/several ports/) }],
  ['one that brings a sidecar', pod({ annotations: { 'fusebox.dev/sidecar': 'true' } }), { kind: 'own' }],
  ['one with a container of that name', pod({}, { name: 'fusebox' }), { kind: 'none', why: null }],
  ['one with a copied mark', pod({ annotations: { 'fusebox.dev/injected': '1/1' } }), { kind: 'none', why: null }],
])('the sidecar of %s', (_, given, wanted) => expect(podSidecar(given)).toEqual(wanted));

const label = (value: string): KubeObject => pod({ labels: { 'fusebox.dev/inject': value } });

test.each<[string, KubeObject, boolean, boolean]>([
  ['asks for a sidecar', label('true'), false, true],
  ['says nothing', pod(), false, false],
  ['says nothing in a namespace that asks', pod(), true, true],
  ['refuses one in a namespace that asks', label('false'), true, false],
  ['was injected and says nothing any more', injected(pod()), false, true],
  ['was injected and refuses it now', injected(label('false')), true, true],
])('a pod that %s', (_, given, namespaceAsks, takesPart) => {
  expect(podFacts(given, namespaceAsks) !== null).toBe(takesPart);
});

const service = (ports: object[]): KubeObject => ({
  metadata: { name: 'users', namespace: 'shop' },
  spec: { selector: { app: 'users' }, ports },
});

test.each<[string, KubeObject, object[], string[]]>([
  ['by name', injected(pod()), [{ port: 80, targetPort: 'http' }], []],
  [
    'by number',
    injected(pod()),
    [{ port: 80, targetPort: 8080 }],
    ['port 80 of Service users leads to 8080 (its targetPort should be http)'],
  ],
  ['without a target, on the same port', injected(pod()), [{ port: 8080 }], [expect.stringContaining('port 8080')]],
  ['to another port of the pod', injected(pod()), [{ port: 9090, targetPort: 9090 }], []],
  ['to the number of the sidecar', injected(pod()), [{ port: 80, targetPort: 4140 }], []],
  [
    'by number, to a pod that declares no port',
    injected(pod({}, { ports: [] })),
    [{ port: 80, targetPort: 3000 }],
    [expect.stringContaining('fusebox-inbound')],
  ],
  ['by number, where traffic is redirected', injected(pod(), 'Redirect'), [{ port: 80, targetPort: 8080 }], []],
  [
    'by number, to a pod that brings its sidecar',
    pod({ annotations: { 'fusebox.dev/sidecar': 'true' } }),
    [{ port: 80, targetPort: 8080 }],
    [],
  ],
])('what a Service leads past: %s', (_, given, ports, wanted) => {
  expect(bypassesOf(podSidecar(given), [serviceFacts(service(ports))!])).toEqual(wanted);
});
