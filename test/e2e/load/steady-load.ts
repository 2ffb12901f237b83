import { readFileSync } from 'node:fs';
import { kubectl, object } from '../commands.ts';
import { until } from '../../support/until.ts';
import type { LoadFailure, LoadSum } from './generator.ts';

const PROGRAM = new URL('generator.ts', import.meta.url);
const IMAGE = 'ghcr.io/fusebox/sample-service:0.1.0';

export interface LoadOptions {
  /** Where it runs; the namespace is there already, and injects nothing. */
  namespace: string;
  /** Base URL of what is asked. */
  target: string;
  /** Half of them keep their connections, the others make a new one for each request (count). */
  clients: number;
  /** Of each client, between an answer and its next request (ms). */
  pauseMs: number;
}

/** What became of the load. */
export interface LoadOutcome {
  sum: LoadSum;
  failures: LoadFailure[];
}

type Line = { failure?: LoadFailure; sum?: LoadSum };

/** Requests at a steady rate from a pod of their own, over kept and over fresh connections. */
export class SteadyLoad {
  readonly #namespace: string;

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Resolves when requests are being sent. */
  static async start({ namespace, target, clients, pauseMs }: LoadOptions): Promise<SteadyLoad> {
    const program = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'load', namespace } };
    const data = { 'generator.ts': readFileSync(PROGRAM, 'utf8') };
    const pod = loadPod(namespace, { TARGET: target, CLIENTS: String(clients), PAUSE_MS: String(pauseMs) });
    const list = { apiVersion: 'v1', kind: 'List', items: [{ ...program, data }, pod] };
    await kubectl(['apply', '-f', '-'], JSON.stringify(list));
    const load = new SteadyLoad(namespace);
    await until('the load begins', async () => (await load.#lines().catch(() => [])).length > 0, 60_000);
    return load;
  }

  /** Failures so far, in the order in which they were seen. */
  async failures(): Promise<LoadFailure[]> {
    return (await this.#lines()).flatMap(({ failure }) => failure ?? []);
  }

  /** Ends it, when all that were sent are answered. */
  async stop(): Promise<LoadOutcome> {
    const signal = `process.kill(1, 'SIGUSR2')`;
    await kubectl(['-n', this.#namespace, 'exec', 'load', '--', '/nodejs/bin/node', '-e', signal]);
    await until('the load has ended', async () => (await this.#phase()) !== 'Running', 60_000);
    const lines = await this.#lines();
    const sum = lines.at(-1)?.sum;
    if (sum === undefined) throw new Error(`the load ended without a sum: ${JSON.stringify(lines.at(-1))}`);
    return { sum, failures: lines.flatMap(({ failure }) => failure ?? []) };
  }

  async #phase(): Promise<string> {
    const { status } = await object<{ status: { phase: string } }>('-n', this.#namespace, 'pod/load');
    return status.phase;
  }

  async #lines(): Promise<Line[]> {
    const text = await kubectl(['-n', this.#namespace, 'logs', 'load']);
    return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
  }
}

const loadPod = (namespace: string, env: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'load', namespace },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'load',
        image: IMAGE,
        command: ['/nodejs/bin/node', '/load/generator.ts'],
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        volumeMounts: [{ name: 'program', mountPath: '/load', readOnly: true }],
      },
    ],
    volumes: [{ name: 'program', configMap: { name: 'load' } }],
  },
});
