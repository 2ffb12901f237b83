import { expect, test } from 'vitest';
import type { Origin } from './origins/origin.ts';
import { chosen, openFirst } from './start-cluster.ts';
import { undisturbed, type ClusterKind, type TestCluster } from './test-cluster.ts';

const cluster = (kind: ClusterKind): TestCluster => ({
  kind,
  kubeconfigPath: '/nowhere',
  server: 'https://127.0.0.1:1',
  hasControllerManager: true,
  stop: async () => {},
  ...undisturbed(kind),
});
const open = (kind: ClusterKind): Origin => ({ kind, open: async () => cluster(kind) });
const closed = (kind: ClusterKind): Origin => ({ kind, open: async () => ({ closed: `no ${kind} here` }) });
const broken = (kind: ClusterKind): Origin => ({ kind, open: () => Promise.reject(new Error(`${kind} broke`)) });
const silent = (): void => {};

test('the first way that is open is taken', async () => {
  expect((await openFirst([closed('existing'), open('kind'), broken('built')], silent)).kind).toBe('kind');
});

test('a way that is open and fails is told: no other is tried', async () => {
  await expect(openFirst([broken('envtest'), open('built')], silent)).rejects.toThrow('envtest broke');
});

test('with every way closed the error tells why each is', async () => {
  await expect(openFirst([closed('kind'), closed('built')], silent)).rejects.toThrow(
    'there is no Kubernetes API server to test with:\n  kind: no kind here\n  built: no built here',
  );
});

test('a wish leaves one way, and an unknown wish none', () => {
  const origins = [closed('kind'), open('built')];
  expect(chosen(origins, '')).toBe(origins);
  expect(chosen(origins, 'built').map((origin) => origin.kind)).toEqual(['built']);
  expect(() => chosen(origins, 'minikube')).toThrow('"minikube"; known are kind, built');
});
