/** What a pod says, by its spec, of the sidecar that it has. */
import {
  INJECTED_ANNOTATION,
  NOT_INJECTED_ANNOTATION,
  REDIRECT_CONTAINER,
  SIDECAR_ANNOTATION,
  SIDECAR_CONTAINER,
} from '@fusebox/api/names.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Container, Pod } from './pod.ts';
import { INBOUND_PORT } from './sidecar-places.ts';

export type PodSidecar =
  /** It was injected, with what the mark says. */
  | { kind: 'injected'; mark: string; capture: Capture }
  /** It says that it brings its own. */
  | { kind: 'own' }
  /** It has none. `why`: as the webhook said; null: it was not asked. */
  | { kind: 'none'; why: string | null };

/** Which traffic comes to the sidecar. */
export interface Capture {
  /** Where the service listens; null: not known. */
  servicePort: number | null;
  /** All that is sent to that port. */
  redirected: boolean;
  /** The name by which Services reach the sidecar; null: it has none. */
  portName: string | null;
}

export function podSidecar({ metadata, spec }: KubeObject): PodSidecar {
  const annotations = metadata.annotations ?? {};
  const { initContainers = [] } = Object(spec) as Partial<Pod['spec']>;
  const sidecar = initContainers.find(({ name }) => name === SIDECAR_CONTAINER);
  const mark = annotations[INJECTED_ANNOTATION];
  if (sidecar !== undefined && mark !== undefined) {
    const redirected = initContainers.some(({ name }) => name === REDIRECT_CONTAINER);
    return { kind: 'injected', mark, capture: { ...captureOf(sidecar), redirected } };
  }
  if (annotations[SIDECAR_ANNOTATION] === 'true') return { kind: 'own' };
  return { kind: 'none', why: annotations[NOT_INJECTED_ANNOTATION] ?? null };
}

const UPSTREAM = /^--upstream=127\.0\.0\.1:(\d+)$/;

function captureOf(sidecar: Container): Pick<Capture, 'servicePort' | 'portName'> {
  const args = (sidecar['args'] as string[] | undefined) ?? [];
  const upstream = args.map((arg) => UPSTREAM.exec(arg)?.[1]).find((port) => port !== undefined);
  const inbound = sidecar.ports?.find(({ containerPort }) => containerPort === INBOUND_PORT);
  return { servicePort: upstream === undefined ? null : Number(upstream), portName: inbound?.name ?? null };
}
