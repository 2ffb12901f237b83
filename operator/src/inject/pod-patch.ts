/**
 * Puts the sidecar into a pod. Pure: same pod, same answer. A pod that has been injected is left as it is, except that a container
 * which somebody added meanwhile is given what the others have; so it does not matter how often this runs, nor what runs in between.
 */
import { INJECTED_ANNOTATION, NOT_INJECTED_ANNOTATION, SIDECAR_CONTAINER } from '@fusebox/api/names.ts';
import { injectedMark, type InjectionSettings } from './injection-settings.ts';
import type { Container, Pod } from './pod.ts';
import { foreignProtocol, refusalOf } from './refusals.ts';
import { probeTargets, provided, withoutPortName } from './service-container.ts';
import { servicePort, type ServicePort } from './service-port.ts';
import { INBOUND_PORT_NAME, redirectContainer, sidecarContainer, sidecarVolumes } from './sidecar-container.ts';

export interface InjectionFacts {
  settings: InjectionSettings;
  /** Where sidecars fetch their settings. */
  operatorUrl: string;
  /** The workload that the pod belongs to; null: none is known. */
  workload: string | null;
  /** Minor release of Kubernetes 1; null: not known. */
  serverMinor: number | null;
}

export type Injection =
  /** `notInjected`: it is marked with the reason, and not injected. */
  | { pod: Pod; warnings: string[]; notInjected: boolean }
  /** What the pod says of itself cannot be meant. */
  | { contradiction: string };

/** The pod with its sidecar. */
export function inject(pod: Pod, facts: InjectionFacts): Injection {
  const { settings } = facts;
  if (isInjected(pod)) return { pod: completed(pod, settings), warnings: [], notInjected: false };
  const choice = servicePort(pod);
  if ('contradiction' in choice) return choice;
  const refusal = refusalOf(pod, settings, facts.serverMinor) ?? ('undecided' in choice ? choice.undecided : null);
  if (refusal !== null || 'undecided' in choice) return notInjected(pod, refusal ?? '');
  const { port } = choice;
  const ambiguous = settings.interception === 'PortName' ? sharedName(pod, port) : null;
  const unfit = ambiguous ?? (port === null ? null : foreignProtocol(pod, port));
  if (unfit !== null) return notInjected(pod, unfit);
  const injected = completed(withSidecar(pod, port, facts), settings);
  return { pod: injected, warnings: warningsOf(pod, port, settings), notInjected: false };
}

/** Has it the sidecar that this module adds? */
export function isInjected({ metadata, spec }: Pod): boolean {
  const marked = metadata?.annotations?.[INJECTED_ANNOTATION] !== undefined;
  return marked && spec.initContainers?.some(({ name }) => name === SIDECAR_CONTAINER) === true;
}

function notInjected(pod: Pod, why: string): Injection {
  const warning = `no sidecar was injected: ${why}`;
  return { pod: annotated(pod, { [NOT_INJECTED_ANNOTATION]: why }), warnings: [warning], notInjected: true };
}

function annotated(pod: Pod, added: Record<string, string>): Pod {
  const {
    [NOT_INJECTED_ANNOTATION]: _why,
    [INJECTED_ANNOTATION]: _mark,
    ...annotations
  } = pod.metadata?.annotations ?? {};
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...annotations, ...added } } };
}

/** A Service would go on finding the port of that name in the other container, which comes first. */
function sharedName({ spec }: Pod, port: ServicePort | null): string | null {
  const { container, port: declared } = port?.declared ?? {};
  if (declared?.name === undefined) return null;
  const other = spec.containers.find(
    (one) => one !== container && one.ports?.some(({ name }) => name === declared.name),
  );
  return other === undefined ? null : `its container ${other.name} has a port called ${declared.name}, too`;
}

function withSidecar(pod: Pod, port: ServicePort | null, facts: InjectionFacts): Pod {
  const { settings, operatorUrl, workload } = facts;
  const { spec } = pod;
  const redirects = settings.interception === 'Redirect' && port !== null;
  const handedOver = redirects ? null : (port?.declared ?? null);
  const sidecar = sidecarContainer(settings, {
    upstreamPort: port?.number ?? null,
    portName: handedOver?.port.name ?? null,
    serviceName: workload ?? spec.containers[0]?.name ?? null,
    operatorUrl,
    probes: redirects ? probeTargets(spec.containers, port.number) : [],
  });
  const containers = spec.containers.map((container) =>
    container === handedOver?.container ? withoutPortName(container, handedOver.port) : container,
  );
  // In front: what the service's own init containers do may depend on flags, as the service does.
  const first = redirects ? [redirectContainer(settings, port.number), sidecar] : [sidecar];
  return {
    ...annotated(pod, { [INJECTED_ANNOTATION]: injectedMark(settings) }),
    spec: {
      ...spec,
      initContainers: [...first, ...(spec.initContainers ?? [])],
      containers,
      volumes: [...(spec.volumes ?? []), ...sidecarVolumes()],
      ...longerEnd(spec, settings),
    },
  };
}

/** What a service needs to end in order is no longer than this (s), unless the pod says so. */
const USUAL_END_SECONDS = 15;
/** As the API server has it where the pod does not say (s). */
const DEFAULT_GRACE_SECONDS = 30;

/** The pause before the service is told to end is taken from this time; 0 means that nothing is waited for. */
function longerEnd(
  { terminationGracePeriodSeconds }: Pod['spec'],
  { drainDelayMs }: InjectionSettings,
): Partial<Pod['spec']> {
  const graceSeconds = terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const neededSeconds = Math.ceil(drainDelayMs / 1000) + Math.min(graceSeconds, USUAL_END_SECONDS);
  return graceSeconds > 0 && graceSeconds < neededSeconds ? { terminationGracePeriodSeconds: neededSeconds } : {};
}

function completed(pod: Pod, { drainDelayMs }: InjectionSettings): Pod {
  const { spec } = pod;
  // The API server admits no pause that does not fit in the grace period.
  const pauseMs = spec.terminationGracePeriodSeconds === 0 ? 0 : drainDelayMs;
  return {
    ...pod,
    spec: { ...spec, containers: spec.containers.map((one): Container => provided(one, pauseMs)) },
  };
}

/** What the user should know: traffic that the sidecar does not see. */
function warningsOf(pod: Pod, port: ServicePort | null, { interception }: InjectionSettings): string[] {
  // Whoever ends by itself, as a Job's pod does, serves nobody.
  if (port === null) {
    const serves = pod.spec.restartPolicy === undefined || pod.spec.restartPolicy === 'Always';
    return serves
      ? ['the pod declares no port: no request passes its sidecar; fusebox.dev/port says where it listens']
      : [];
  }
  if (interception === 'Redirect') return [];
  const warnings: string[] = [];
  if (port.declared?.port.name === undefined) {
    warnings.push(
      `port ${port.number} has no name: Services reach the sidecar by targetPort: ${INBOUND_PORT_NAME} only`,
    );
  }
  const { hostPort } = port.declared?.port ?? {};
  if (hostPort !== undefined && hostPort > 0) warnings.push(`hostPort ${hostPort} leads past the sidecar`);
  return warnings;
}
