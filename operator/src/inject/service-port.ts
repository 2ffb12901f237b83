/** Which port of the pod the sidecar stands in front of. */
import { PORT_ANNOTATION } from '@fusebox/api/names.ts';
import type { Container, ContainerPort, Pod } from './pod.ts';

export interface ServicePort {
  number: number;
  /** null: no container declares it. */
  declared: { container: Container; port: ContainerPort } | null;
}

/** `contradiction`: what the pod says of its port cannot be meant. `undecided`: it says too little. */
export type PortChoice = { port: ServicePort | null } | { contradiction: string } | { undecided: string };

/** The port; null: the pod declares none, and names none. */
export function servicePort(pod: Pod): PortChoice {
  const wanted = pod.metadata?.annotations?.[PORT_ANNOTATION];
  const declared = pod.spec.containers.flatMap((container) =>
    (container.ports ?? []).filter(isTcp).map((port) => ({ container, port })),
  );
  if (wanted !== undefined) return chosen(wanted, declared);
  const [first, ...others] = declared;
  if (first === undefined) return { port: null };
  if (others.length === 0) return { port: { number: first.port.containerPort, declared: first } };
  const names = declared.map(({ port }) => port.name ?? port.containerPort).join(', ');
  return { undecided: `it has several ports (${names}); the annotation ${PORT_ANNOTATION} must say which one` };
}

type Declared = NonNullable<ServicePort['declared']>;

function chosen(wanted: string, declared: readonly Declared[]): PortChoice {
  const title = `${PORT_ANNOTATION}: "${wanted}"`;
  if (/^\d+$/.test(wanted)) {
    const number = Number(wanted);
    if (number < 1 || number > 65_535) return { contradiction: `${title} is not a port` };
    return { port: { number, declared: declared.find(({ port }) => port.containerPort === number) ?? null } };
  }
  const [found, ...more] = declared.filter(({ port }) => port.name === wanted);
  if (found === undefined) {
    const names = declared.map(({ port }) => port.name ?? port.containerPort).join(', ');
    return { contradiction: `${title}: no container has a TCP port of that name (ports: ${names || 'none'})` };
  }
  if (more.length > 0) return { contradiction: `${title}: several containers have a port of that name` };
  return { port: { number: found.port.containerPort, declared: found } };
}

const isTcp = ({ protocol }: ContainerPort): boolean => protocol === undefined || protocol === 'TCP';
