/** How long a sidecar in a new pod takes until it is ready. */
import { setTimeout as pause } from 'node:timers/promises';
import { kubectl } from '../../test/e2e/commands.ts';
import { ageMs, podAddress, sidecarPids } from './sidecar-processes.ts';

const NAMESPACE = 'starts';
const lookMs = 5;
const patienceMs = 60_000;

/** One start of a sidecar (ms). */
export interface Start {
  /** From the start of its process until `/readyz` answers 200: it has its settings from the operator, and listens. */
  readyMs: number;
}

/** Makes so many pods, one after the other; the first one does not count, since it reads the image from disk. */
export async function startsToReady(count: number): Promise<Start[]> {
  await kubectl(['create', 'namespace', NAMESPACE]);
  const starts: Start[] = [];
  for (let turn = 0; turn <= count; turn++) {
    const known = new Set(sidecarPids());
    const made = kubectl(['-n', NAMESPACE, 'create', '-f', '-'], JSON.stringify(pod(`pod-${turn}`)));
    const [start] = await Promise.all([untilReady(known), made]);
    if (turn > 0) starts.push(start);
    await kubectl(['-n', NAMESPACE, 'wait', '--for=condition=Ready', `pod/pod-${turn}`, '--timeout=60s']);
    await kubectl(['-n', NAMESPACE, 'delete', 'pod', `pod-${turn}`]);
  }
  return starts;
}

async function untilReady(known: ReadonlySet<number>): Promise<Start> {
  for (const endMs = performance.now() + patienceMs; performance.now() < endMs; await pause(lookMs)) {
    const pid = sidecarPids().find((one) => !known.has(one));
    const address = pid === undefined ? null : podAddress(pid);
    if (pid === undefined || address === null) continue;
    const answer = await fetch(`http://${address}:4143/readyz`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return { readyMs: ageMs(pid) };
  }
  throw new Error('no new sidecar became ready');
}

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'fusebox.dev/inject': 'true' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'service',
        image: 'ghcr.io/fusebox/sample-service:0.1.0',
        command: ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e6)'],
        ports: [{ name: 'http', containerPort: 8080 }],
      },
    ],
  },
});
