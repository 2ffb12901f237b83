import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { installTools } from '../support/helm.ts';
import { HOST_ADDRESS_VARIABLE } from './host-address.ts';
import { object } from './commands.ts';

/** A Service, as it is reached from where the tests run. */
export interface ReachedService extends Disposable {
  url: string;
}

/**
 * The port `http` of a Service: at its own address beside a node of ours; elsewhere through `kubectl port-forward`, which leads to one
 * of its pods.
 */
export async function reachService(namespace: string, name: string): Promise<ReachedService> {
  if (process.env[HOST_ADDRESS_VARIABLE] !== undefined) return forward(namespace, name);
  const { spec } = await object<{ spec: { clusterIP: string; ports: { name: string; port: number }[] } }>(
    '-n',
    namespace,
    `service/${name}`,
  );
  const { port } = spec.ports.find((one) => one.name === 'http')!;
  return { url: `http://${spec.clusterIP}:${port}`, [Symbol.dispose]: () => {} };
}

async function forward(namespace: string, name: string): Promise<ReachedService> {
  const args = ['-n', namespace, 'port-forward', `service/${name}`, ':http'];
  const child = spawn(installTools().kubectl, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = (): void => void child.kill();
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume(); // what it says of each connection must not fill the pipe
    return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: stop };
  }
  throw new Error(`kubectl port-forward to service ${namespace}/${name} ended`);
}
