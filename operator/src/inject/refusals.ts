/** Why a pod that asks for a sidecar is not given one. Such a pod is admitted all the same, and reported. */
import { REDIRECT_CONTAINER, SIDECAR_CONTAINER } from '@fusebox/api/names.ts';
import type { InjectionSettings } from './injection-settings.ts';
import type { Handler, Pod } from './pod.ts';
import type { ServicePort } from './service-port.ts';
import { MOUNTS, SIDECAR_PORTS } from './sidecar-places.ts';

/**
 * Minor releases of Kubernetes 1. Below the first, native sidecars (1.29) or pauses before the end (`preStop: sleep`, 1.30) are no part of it; below
 * the second, a Service does not find ports of sidecars.
 */
const SIDECARS_AND_PAUSES = 30;
const PORTS_OF_SIDECARS = 33;

/** The reason, as a clause about "it", the pod; null: it can be injected. `serverMinor`: of Kubernetes 1; null: not known. */
export function refusalOf(
  pod: Pod,
  { interception }: Pick<InjectionSettings, 'interception'>,
  serverMinor: number | null,
): string | null {
  const { spec } = pod;
  if (spec.hostNetwork === true)
    return 'it shares the network of its node (hostNetwork), where the ports of its sidecar would be those of the node';
  if (spec.os?.name === 'windows') return 'it runs on Windows, and the image of the sidecar does not';
  return nameTaken(pod) ?? portTaken(pod) ?? tooOld(interception, serverMinor);
}

function nameTaken({ spec }: Pod): string | null {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const taken = containers.find(({ name }) => name === SIDECAR_CONTAINER || name === REDIRECT_CONTAINER);
  if (taken !== undefined) return `it has a container of its own called ${taken.name}`;
  const volume = spec.volumes?.find(({ name }) => Object.hasOwn(MOUNTS, name));
  return volume === undefined ? null : `it has a volume of its own called ${volume.name}`;
}

function portTaken({ spec }: Pod): string | null {
  for (const { name, ports = [] } of spec.containers) {
    const port = ports.find(({ containerPort }) => SIDECAR_PORTS.includes(containerPort));
    if (port !== undefined)
      return `its container ${name} listens on ${port.containerPort}, which is a port of the sidecar`;
  }
  return null;
}

function tooOld(interception: InjectionSettings['interception'], serverMinor: number | null): string | null {
  if (serverMinor === null || serverMinor >= PORTS_OF_SIDECARS) return null;
  if (serverMinor < SIDECARS_AND_PAUSES) {
    return `Kubernetes 1.${serverMinor} has no native sidecars or no pause before the end; 1.${SIDECARS_AND_PAUSES} has both`;
  }
  if (interception === 'Redirect') return null;
  return `Services of Kubernetes 1.${serverMinor} do not find ports of sidecars, those of 1.${PORTS_OF_SIDECARS} do; use interception: Redirect`;
}

/** The reason when the service says, by how it is probed, that it speaks something that the sidecar does not; null: it says nothing of the kind. */
export function foreignProtocol({ spec }: Pod, { number }: ServicePort): string | null {
  for (const { ports = [], startupProbe, readinessProbe, livenessProbe } of spec.containers) {
    const isIt = (at: string | number): boolean =>
      at === number || ports.some(({ name, containerPort }) => name === at && containerPort === number);
    const probes = [startupProbe, readinessProbe, livenessProbe].filter(
      (probe): probe is Handler => probe !== undefined,
    );
    if (probes.some(({ httpGet }) => httpGet?.scheme === 'HTTPS' && isIt(httpGet.port))) {
      return `it is probed by HTTPS on port ${number}, and the sidecar takes plain HTTP/1.1`;
    }
    if (probes.some(({ grpc }) => grpc?.port === number)) {
      return `it is probed by gRPC on port ${number}, and the sidecar does not speak HTTP/2 yet`;
    }
  }
  return null;
}
