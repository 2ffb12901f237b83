import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesVersion } from '../build/binary-name.ts';
import { startControlPlane } from '../own/control-plane.ts';
import type { Program } from '../own/programs.ts';
import type { Origin } from './origin.ts';
import { tryCommand } from './try-command.ts';

const DOWNLOAD_TIMEOUT_MS = 180_000;

/** Binaries in `KUBEBUILDER_ASSETS`, or those that the command setup-envtest has or fetches. They have no controller-manager as a rule. */
export const envtest: Origin = {
  kind: 'envtest',
  async open(log) {
    const named = process.env['KUBEBUILDER_ASSETS'] ?? '';
    const folder = named === '' ? await fetchedAssets() : named;
    if (folder === null)
      return { closed: 'KUBEBUILDER_ASSETS is not set, and setup-envtest is not on PATH or cannot download' };

    const find = (name: string): Program | null =>
      existsSync(join(folder, name)) ? { command: join(folder, name), args: [] } : null;
    const [etcd, apiServer] = [find('etcd'), find('kube-apiserver')];
    if (etcd === null || apiServer === null) throw new Error(`${folder} does not hold both etcd and kube-apiserver`);
    const programs = {
      etcd,
      apiServer,
      controllerManager: find('kube-controller-manager'),
      scheduler: find('kube-scheduler'),
    };
    log(
      `starting etcd and kube-apiserver of ${folder}${programs.controllerManager ? '' : ', without a controller-manager'}`,
    );
    return startControlPlane('envtest', programs);
  },
};

/** The newest binaries of the minor release that is tested with; null when the command is missing or fails. */
async function fetchedAssets(): Promise<string | null> {
  const release = kubernetesVersion().replace(/^v(\d+\.\d+)\..*/, '$1.x');
  const path = await tryCommand('setup-envtest', ['use', release, '-p', 'path'], DOWNLOAD_TIMEOUT_MS);
  return path === null || path.trim() === '' ? null : path.trim();
}
