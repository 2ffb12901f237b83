/** What every benchmark of the operator needs: an API server with our kinds, namespaces, and the operator as images hold it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../../test/cluster/api/api-client.ts';
import { readKubeconfig } from '../../test/cluster/api/kubeconfig.ts';
import { startCluster } from '../../test/cluster/start-cluster.ts';
import type { TestCluster } from '../../test/cluster/test-cluster.ts';
import { installKinds } from '../../test/support/install-kinds.ts';
import { until } from '../../test/support/until.ts';
import { freePort, type Server, startServer } from '../processes.ts';
import { ClusterApi } from './cluster-api.ts';

/** As images hold it; `make bench` bundles it first. */
const program = fileURLToPath(new URL('../../dist/fusebox-operator/fusebox-operator.mjs', import.meta.url));

/**
 * As images run it. Most of what the operator has lives long, and of what does not a burst of edits makes little: the young generation that
 * Node allows by itself grows to some 70 MB and stays so.
 */
const nodeArguments = ['--max-semi-space-size=4'];

const accountMs = 60_000;
const quietMs = 300_000;

/** An operator under measurement. */
export interface OperatorServer extends Server {
  /** Where sidecars connect. */
  url: URL;
  /** PEM of what they are to trust. */
  caPath: string;
  /** The sum of the series of this name with this label (`lane="publish"`), or of all; 0 when there is none. */
  metric(name: string, label?: string): Promise<number>;
  /** Resolves when everything that is known has been published and told in status. */
  untilQuiet(): Promise<void>;
}

export class Bed {
  readonly cluster: TestCluster;
  readonly api: ClusterApi;
  /** For files, removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
  readonly #namespaces: string[] = [];

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
    this.api = new ClusterApi(readKubeconfig(cluster.kubeconfigPath));
  }

  static async open(): Promise<Bed> {
    const cluster = await startCluster((text) => console.log(text));
    const bed = new Bed(cluster);
    const client = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
    try {
      await installKinds(client);
    } catch (error) {
      await bed.close();
      throw error;
    } finally {
      client.close();
    }
    return bed;
  }

  /** A new namespace in which pods can be made. Its path: `/api/v1/namespaces/NAME`. */
  async namespace(): Promise<{ name: string; path: string }> {
    const { metadata } = await this.api.call('POST', '/api/v1/namespaces', { metadata: { generateName: 'bench-' } });
    const { name } = metadata;
    this.#namespaces.push(name);
    const path = `/api/v1/namespaces/${name}`;
    const hasAccount = (): Promise<boolean> =>
      this.api.call('GET', `${path}/serviceaccounts/default`).then(
        () => true,
        () => false,
      );
    await until('the default ServiceAccount is there', hasAccount, accountMs);
    return { name, path };
  }

  /** Starts an operator that is alone, and waits until it is ready. `lookMs`: how often that is looked at. */
  async startOperator(lookMs = 50): Promise<OperatorServer> {
    const [serve, admin] = [await freePort(), await freePort()];
    const caPath = join(this.folder, `ca-${serve}.crt`);
    const addresses = ['--serve', `127.0.0.1:${serve}`, '--admin', `127.0.0.1:${admin}`, '--webhook', 'none'];
    const rest = ['--kubeconfig', this.cluster.kubeconfigPath, '--ca-file', caPath, '--log-level', 'warn'];
    const command = [process.execPath, ...nodeArguments, program, ...addresses, ...rest];
    const server = await startServer({ name: 'operator', command, core: null, port: admin, path: '/readyz', lookMs });
    const metric = async (name: string, label = ''): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
      const values = lines.filter((line) => line.includes(label)).map((line) => Number(line.split(' ').at(-1)));
      return values.reduce((sum, value) => sum + value, 0);
    };
    return {
      ...server,
      url: new URL(`https://127.0.0.1:${serve}`),
      caPath,
      metric,
      untilQuiet: () => untilQuiet(() => metric('fusebox_operator_queue_depth')),
    };
  }

  /** Deletes the pods of a namespace at once. */
  async deletePods(path: string): Promise<void> {
    await this.api.call('DELETE', `${path}/pods?gracePeriodSeconds=0`);
  }

  /** Leaves nothing behind. */
  async close(): Promise<void> {
    if (this.cluster.kind === 'existing') {
      await this.api.forEach(this.#namespaces.length, (index) =>
        this.api.call('DELETE', `/api/v1/namespaces/${this.#namespaces[index]}`),
      );
    }
    await this.api.close();
    await this.cluster.stop();
  }
}

/** Nothing to do at several looks one after the other: what was written has come back by then, too. */
async function untilQuiet(depth: () => Promise<number>): Promise<void> {
  const deadlineMs = performance.now() + quietMs;
  for (let quiet = 0; quiet < 5; await pause(200)) {
    quiet = (await depth()) === 0 ? quiet + 1 : 0;
    if (performance.now() > deadlineMs) throw new Error('the operator does not come to rest');
  }
}
