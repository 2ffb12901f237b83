/** The containers and volumes that injection adds. They pass Pod Security `restricted`, but for the one that redirects. */
import { REDIRECT_CONTAINER, SIDECAR_CONTAINER } from '@fusebox/api/names.ts';
import { BUNDLE_KEY, CA_NAME } from '../pki/secret-keeper.ts';
import { AUDIENCE } from '../publish/token-reviewer.ts';
import type { InjectionSettings } from './injection-settings.ts';
import type { Container, Pod } from './pod.ts';
import { ADMIN_PORT, INBOUND_PORT, MOUNTS, SIDECAR_COMMAND, SIDECAR_USER } from './sidecar-places.ts';

/** In the image that redirects. */
const REDIRECT_COMMAND = '/usr/sbin/nft';

/** The name of the sidecar's port where the service's had none. */
export const INBOUND_PORT_NAME = 'fusebox-inbound';

const SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: SIDECAR_USER,
  runAsNonRoot: true,
  runAsUser: SIDECAR_USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The kubelet renews it long before its end (s). */
const TOKEN_SECONDS = 3_600;
/** Of what is kept for the service, and of the last good settings. Both are in memory: nothing of them is left on a node. */
const MEMORY_SIZE = '8Mi';
/** Beyond the time that the sidecar takes at most to be ready (s). */
const STARTUP_MARGIN_SECONDS = 50;

export interface SidecarFacts {
  /** Where the service listens; null: not known. */
  upstreamPort: number | null;
  /** The name that the service's port had; null: it had none, or keeps it. */
  portName: string | null;
  /** Of spans. */
  serviceName: string | null;
  /** Where the sidecar fetches its settings. */
  operatorUrl: string;
  /** Targets of the kubelet's probes that arrive at the sidecar. */
  probes: readonly string[];
}

/** A native sidecar: it starts before the service and ends after it, and no Job waits for it. */
export function sidecarContainer(settings: InjectionSettings, facts: SidecarFacts): Container {
  const { upstreamPort, portName, serviceName, operatorUrl, probes } = facts;
  const get = (path: string): object => ({ httpGet: { path, port: ADMIN_PORT, scheme: 'HTTP' } });
  return {
    name: SIDECAR_CONTAINER,
    image: settings.image,
    restartPolicy: 'Always',
    args: [
      ...(upstreamPort === null ? [] : [`--upstream=127.0.0.1:${upstreamPort}`]),
      `--operator=${operatorUrl}`,
      `--token=${MOUNTS['fusebox-token']}/token`,
      `--ca=${MOUNTS['fusebox-ca']}/${BUNDLE_KEY}`,
      `--data-dir=${MOUNTS['fusebox-data']}`,
      `--live-files=${MOUNTS['fusebox-live']}`,
      ...(serviceName === null ? [] : [`--service-name=${serviceName}`]),
      ...settings.options,
      ...(probes.length === 0 ? [] : [`--probes=${probes.join(',')}`]),
    ],
    ports: [
      { name: portName ?? INBOUND_PORT_NAME, containerPort: INBOUND_PORT, protocol: 'TCP' },
      { name: 'fusebox-admin', containerPort: ADMIN_PORT, protocol: 'TCP' },
    ],
    resources: settings.resources,
    // Looked at often, since the service waits for it; it is ready as soon as it has settings, or has waited for them in vain.
    startupProbe: {
      ...get('/readyz'),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: Math.ceil(settings.startupTimeoutMs / 1000) + STARTUP_MARGIN_SECONDS,
    },
    readinessProbe: { ...get('/readyz'), periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
    livenessProbe: { ...get('/livez'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    // A native sidecar is told to end only when the service has ended: draining must begin before that.
    lifecycle: { preStop: { exec: { command: [...SIDECAR_COMMAND, 'drain'] } } },
    securityContext: SECURITY,
    volumeMounts: Object.entries(MOUNTS).map(([name, mountPath]) => ({
      name,
      mountPath,
      ...((name === 'fusebox-token' || name === 'fusebox-ca') && { readOnly: true }),
    })),
  };
}

/**
 * Redirects what arrives for the service's port to the sidecar, whatever it was called by. Traffic within the pod never passes
 * `prerouting`, so the sidecar reaches the service. May run again after a restart of the pod's sandbox.
 */
export function redirectContainer({ redirectImage }: InjectionSettings, port: number): Container {
  const rules = [
    'add table inet fusebox',
    'flush table inet fusebox',
    'add chain inet fusebox prerouting { type nat hook prerouting priority dstnat; policy accept; }',
    `add rule inet fusebox prerouting tcp dport ${port} redirect to :${INBOUND_PORT}`,
  ];
  return {
    name: REDIRECT_CONTAINER,
    image: redirectImage,
    command: [REDIRECT_COMMAND],
    args: [rules.join('; ')],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '32Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
      readOnlyRootFilesystem: true,
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** The volumes of the sidecar. The ConfigMap may be late: a pod must not wait for it, and the sidecar reads it when it comes. */
export function sidecarVolumes(): NonNullable<Pod['spec']['volumes']> {
  const token = { audience: AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' };
  const emptyDir = { medium: 'Memory', sizeLimit: MEMORY_SIZE };
  return [
    { name: 'fusebox-token', projected: { sources: [{ serviceAccountToken: token }] } },
    { name: 'fusebox-ca', configMap: { name: CA_NAME, optional: true } },
    { name: 'fusebox-live', emptyDir },
    { name: 'fusebox-data', emptyDir },
  ];
}
