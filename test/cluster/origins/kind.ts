import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readKubeconfig } from '../api/kubeconfig.ts';
import { startKeeper } from '../keep.ts';
import { undisturbed } from '../test-cluster.ts';
import type { Origin } from './origin.ts';
import { tryCommand } from './try-command.ts';

const PROBE_TIMEOUT_MS = 10_000;

/** A cluster of its own by the command kind, where a Docker engine answers. */
export const kind: Origin = {
  kind: 'kind',
  async open(log) {
    if ((await tryCommand('kind', ['version'], PROBE_TIMEOUT_MS)) === null) return { closed: 'kind is not on PATH' };
    const engine = await tryCommand('docker', ['version', '--format', '{{.Server.Version}}'], PROBE_TIMEOUT_MS);
    if (engine === null) return { closed: 'no Docker engine answers' };

    const name = `fusebox-test-${randomBytes(4).toString('hex')}`;
    const folder = mkdtempSync(join(tmpdir(), 'fusebox-cluster-'));
    const kubeconfigPath = join(folder, 'kubeconfig');
    const remove = ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath];
    const keeper = startKeeper();
    keeper.add({ do: 'remove', path: folder });
    keeper.add({ do: 'run', command: 'kind', args: remove });
    const stop = async (): Promise<void> => {
      await run('kind', remove).catch(() => log(`could not delete the kind cluster ${name}`));
      keeper.done({ do: 'run', command: 'kind', args: remove });
      rmSync(folder, { recursive: true, force: true });
      await keeper.close();
    };

    log(`creating the kind cluster ${name}`);
    try {
      await run('kind', ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath, '--wait', '180s']);
      const { server } = readKubeconfig(kubeconfigPath);
      return { kind: 'kind', kubeconfigPath, server, hasControllerManager: true, stop, ...undisturbed('kind') };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};

const run = promisify(execFile);
