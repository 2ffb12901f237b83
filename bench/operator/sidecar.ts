import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type Server, startServer } from '../processes.ts';
import type { Bed, OperatorServer } from './bed.ts';
import { createPod, makeReady, tokenOf } from './pods.ts';
import { createSettings } from './settings.ts';

const program = fileURLToPath(new URL('../../dist/fusebox-sidecar/fusebox-sidecar.mjs', import.meta.url));

interface SidecarOptions {
  bed: Bed;
  /** Of the namespace. */
  path: string;
  operator: OperatorServer;
  /** Port of the service. */
  upstream: number;
  /** Port of the local API; without it there is none. */
  local?: number;
}

/** A sidecar, a process of its own, of the pod `users-0`. */
async function startSidecar({ bed, path, operator, upstream, local }: SidecarOptions): Promise<Server> {
  const pod = await createPod(bed.api, path, { name: 'users-0', labels: { app: 'users' } });
  await makeReady(bed.api, path, 'users-0');
  const token = join(bed.folder, 'token');
  writeFileSync(token, await tokenOf(bed.api, path, pod));
  const port = await freePort();
  const localAddress = local === undefined ? 'none' : `127.0.0.1:${local}`;
  const addresses = ['--inbound', `127.0.0.1:${port}`, '--admin', 'none', '--local', localAddress];
  const service = ['--upstream', `127.0.0.1:${upstream}`, '--drain-delay', '0s', '--log-level', 'warn'];
  const feed = ['--operator', operator.url.href, '--token', token, '--ca', operator.caPath];
  const command = [process.execPath, program, ...addresses, ...service, ...feed];
  return startServer({ name: 'sidecar', command, core: null, port, path: '/' });
}

/**
 * Measures beside a service with a sidecar that has its settings (settings.ts) from an operator, all of them at rest, and ends them.
 * `path`: of the namespace. `local`: port of the sidecar's local API; without it there is none.
 */
export async function besideSidecar<T>(
  { bed, local }: Pick<SidecarOptions, 'bed' | 'local'>,
  measure: (path: string, sidecar: Server) => Promise<T>,
): Promise<T> {
  const { path } = await bed.namespace();
  await createSettings(bed, path);
  const service = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  const operator = await bed.startOperator();
  try {
    const upstream = (service.address() as AddressInfo).port;
    const sidecar = await startSidecar({ bed, path, operator, upstream, ...(local !== undefined && { local }) });
    try {
      await operator.untilQuiet();
      return await measure(path, sidecar);
    } finally {
      await sidecar.stop();
      await bed.deletePods(path);
    }
  } finally {
    await operator.stop();
    service.close();
    service.closeAllConnections();
  }
}
