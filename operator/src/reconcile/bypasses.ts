/** Services that lead past a pod's sidecar. Pure. */
import type { PodSidecar } from '../inject/injected-pod.ts';
import { SIDECAR_PORTS } from '../inject/sidecar-places.ts';
import type { ServiceFacts } from './pod-facts.ts';

/**
 * Each in words. A Service finds a sidecar by the name of its port; with a number it goes straight to the service, unless the pod
 * redirects. A number that is neither of these is another port of the pod, which is nobody's loss.
 */
export function bypassesOf(sidecar: PodSidecar, services: readonly ServiceFacts[]): string[] {
  if (sidecar.kind !== 'injected') return [];
  const { servicePort, redirected, portName } = sidecar.capture;
  return services.flatMap(({ name, ports }) =>
    ports.flatMap(({ port, targetPort }) => {
      const straight = servicePort === null ? !SIDECAR_PORTS.includes(targetPort) : targetPort === servicePort;
      if (redirected || !straight) return [];
      const advice = portName === null ? '' : ` (its targetPort should be ${portName})`;
      return [`port ${port} of Service ${name} leads to ${targetPort}${advice}`];
    }),
  );
}
