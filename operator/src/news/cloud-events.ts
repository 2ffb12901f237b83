/** Circuit changes as CloudEvents 1.0 in structured JSON, for anything that listens on NATS. Pure. */
import { microTime } from '../kube/lease.ts';
import type { CircuitChange } from './circuit-changes.ts';

/** A message as a bus carries it. */
export interface BusMessage {
  subject: string;
  /** The same for the same change, whoever tells it and how often: who listens can drop what it knows (JetStream does by itself). */
  id: string;
  contentType: string;
  body: string;
}

const WORDS = { Open: 'opened', HalfOpen: 'half-opened', Closed: 'closed' } as const;

/**
 * The message on `fusebox.circuit.<namespace>.<workload>.<opened|half-opened|closed>`. `workload` is the name of the Deployment,
 * StatefulSet or DaemonSet, or of the pod where it has none. What would part a subject or be a wildcard in it becomes `_`.
 */
export function circuitMessage(change: CircuitChange, workload: string, wallMs: number): BusMessage {
  const { pod, route, from, to, era, reason, snapshotWallMs } = change;
  const word = WORDS[to];
  const id = `${pod.uid}/${route}/${snapshotWallMs}/${era}/${word}`;
  const event = {
    specversion: '1.0',
    id,
    source: `/fusebox/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}`,
    type: `dev.fusebox.circuit.${word}`,
    subject: route,
    time: microTime(wallMs),
    datacontenttype: 'application/json',
    data: {
      namespace: pod.namespace,
      workload,
      pod: pod.name,
      podUid: pod.uid,
      route,
      state: to,
      previousState: from,
      era,
      reason,
    },
  };
  return {
    subject: `fusebox.circuit.${token(pod.namespace)}.${token(workload)}.${word}`,
    id,
    contentType: 'application/cloudevents+json; charset=utf-8',
    body: JSON.stringify(event),
  };
}

const token = (text: string): string => text.replace(/[^A-Za-z0-9_-]/g, '_');
