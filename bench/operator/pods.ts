import { SIDECAR_ANNOTATION } from '@fusebox/api/names.ts';
import type { ApiObject, ClusterApi } from './cluster-api.ts';

/**
 * A pod as services have them, with what the operator drops. Nobody is to place it: of an unknown scheduler's pods no part of a control
 * plane without nodes takes care.
 */
function podOf(name: string, labels: Record<string, string>): object {
  const env = Array.from({ length: 20 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value of setting ${index}`,
  }));
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 };
  const container = {
    name: 'app',
    image: 'registry.invalid/shop/app:1.0.0',
    env,
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    livenessProbe: probe,
    readinessProbe: probe,
  };
  return {
    metadata: { name, labels, annotations: { [SIDECAR_ANNOTATION]: 'true' } },
    spec: { schedulerName: 'nobody', terminationGracePeriodSeconds: 0, containers: [container] },
  };
}

/** Creates a pod that brings a sidecar. `path`: of its namespace. */
export function createPod(api: ClusterApi, path: string, { name, labels }: NewPod): Promise<ApiObject> {
  return api.call('POST', `${path}/pods`, podOf(name, labels));
}

interface NewPod {
  name: string;
  labels: Record<string, string>;
}

/** There is no kubelet to say so. */
export async function makeReady(api: ClusterApi, path: string, name: string): Promise<void> {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await api.call('PATCH', `${path}/pods/${name}/status`, { status });
}

/** A token as the kubelet projects it into this pod, good for an hour. */
export async function tokenOf(api: ClusterApi, path: string, { metadata }: ApiObject): Promise<string> {
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
  const spec = { audiences: ['fusebox'], expirationSeconds: 3600, boundObjectRef };
  const { status } = await api.call('POST', `${path}/serviceaccounts/default/token`, { spec });
  return (status as { token: string }).token;
}
