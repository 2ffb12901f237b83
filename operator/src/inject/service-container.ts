/** What changes in the containers of the service itself. Each change is made once only, however often it is asked for. */
import type { Container, ContainerPort, Handler } from './pod.ts';
import { LOCAL_API, MOUNTS } from './sidecar-places.ts';

/** For the service: where its flags are (OpenFeature's own variable), and where its live configuration is. */
const ENVIRONMENT = [
  { name: 'OFREP_ENDPOINT', value: LOCAL_API },
  { name: 'FUSEBOX_LIVE_FILES', value: MOUNTS['fusebox-live'] },
];
const LIVE_MOUNT = { name: 'fusebox-live', mountPath: MOUNTS['fusebox-live'], readOnly: true };

/**
 * Gives the container what a service beside a sidecar has: variables and live files, and a pause before it is told to end, as long as
 * traffic still comes. What it has already under one of these names is its own.
 */
export function provided(container: Container, drainDelayMs: number): Container {
  const { env = [], volumeMounts = [], lifecycle = {} } = container;
  const missing = ENVIRONMENT.filter(({ name }) => !env.some((own) => own.name === name));
  const mounted = volumeMounts.some(({ mountPath }) => mountPath.replace(/\/+$/, '') === LIVE_MOUNT.mountPath);
  const seconds = Math.ceil(drainDelayMs / 1000);
  const pauses = lifecycle.preStop === undefined && seconds > 0;
  return {
    ...container,
    ...(missing.length > 0 && { env: [...env, ...missing] }),
    ...(!mounted && { volumeMounts: [...volumeMounts, LIVE_MOUNT] }),
    ...(pauses && { lifecycle: { ...lifecycle, preStop: { sleep: { seconds } } } }),
  };
}

/**
 * Takes the name from this port: it is the sidecar's from now on. A probe or hook finds a port by name only in its own container, and
 * would be silently off, or fail forever, without it: so each one by that name is pinned to the number.
 */
export function withoutPortName(container: Container, { name, containerPort }: ContainerPort): Container {
  const ports = container.ports?.map((port) => {
    if (name === undefined || port.name !== name) return port;
    const { name: _moved, ...rest } = port;
    return rest;
  });
  const pinned = (handler: Handler): Handler => pinnedHandler(handler, name, containerPort);
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = container;
  const { postStart, preStop } = lifecycle ?? {};
  return {
    ...container,
    ...(ports !== undefined && { ports }),
    ...(startupProbe !== undefined && { startupProbe: pinned(startupProbe) }),
    ...(readinessProbe !== undefined && { readinessProbe: pinned(readinessProbe) }),
    ...(livenessProbe !== undefined && { livenessProbe: pinned(livenessProbe) }),
    ...(lifecycle !== undefined && {
      lifecycle: {
        ...lifecycle,
        ...(postStart !== undefined && { postStart: pinned(postStart) }),
        ...(preStop !== undefined && { preStop: pinned(preStop) }),
      },
    }),
  };
}

function pinnedHandler(handler: Handler, name: string | undefined, containerPort: number): Handler {
  const { httpGet, tcpSocket } = handler;
  if (name === undefined) return handler;
  return {
    ...handler,
    ...(httpGet?.port === name && { httpGet: { ...httpGet, port: containerPort } }),
    ...(tcpSocket?.port === name && { tcpSocket: { ...tcpSocket, port: containerPort } }),
  };
}

/** Targets of the kubelet's GET probes at this port, in order: behind a redirect they arrive at the sidecar. */
export function probeTargets(containers: readonly Container[], port: number): string[] {
  const targets = containers.flatMap(({ ports = [], startupProbe, readinessProbe, livenessProbe }) => {
    const numberOf = (at: string | number): number | undefined =>
      typeof at === 'number' ? at : ports.find(({ name }) => name === at)?.containerPort;
    return [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => {
      const get = probe?.httpGet;
      return get !== undefined && numberOf(get.port) === port ? [get.path ?? '/'] : [];
    });
  });
  const known = targets.map((target) => (target.startsWith('/') ? target : `/${target}`));
  // The sidecar takes them as a list with commas.
  return [...new Set(known)].filter((target) => !target.includes(',')).toSorted();
}
