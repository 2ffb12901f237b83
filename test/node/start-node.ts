/** A whole cluster of one node on a bare machine, inside namespaces of its own (namespaces.ts). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../cluster/api/api-client.ts';
import { readKubeconfig } from '../cluster/api/kubeconfig.ts';
import { builtBinary } from '../cluster/build/built-binary.ts';
import { howToInstallGo } from '../cluster/build/go.ts';
import { startKeeper } from '../cluster/keep.ts';
import type { Log } from '../cluster/log.ts';
import { builtPrograms } from '../cluster/origins/built.ts';
import { Component } from '../cluster/own/component.ts';
import { startControlPlane, type ControlPlane } from '../cluster/own/control-plane.ts';
import { NODE_NAME } from '../cluster/own/layout.ts';
import { startContainerd } from './container-runtime.ts';
import { startKubelet } from './kubelet.ts';
import { furnish } from './namespaces.ts';
import { DNS_ADDRESS, makeNetwork, NODE_ADDRESS, POD_RANGE } from './network.ts';
import { pauseArchive } from './pause-image.ts';

const LOOK_MS = 200;
const PATIENCE_MS = 120_000;

/**
 * Starts it with these images (archives as `docker save` writes them). Resolves with the path of a kubeconfig when the node is ready. It
 * ends with this process, which is the first one in its namespaces.
 */
export async function startNode(archives: readonly string[], log: Log): Promise<string> {
  const command = await builtBinary(log);
  if (command === null) throw new Error(`a node is built from Go modules, and Go is not here: ${howToInstallGo()}`);
  furnish();
  makeNetwork();
  const plane = await startControlPlane('built', builtPrograms(command), NODE_ADDRESS);
  await startParts(command, plane, archives);
  return plane.kubeconfigPath;
}

async function startParts(command: string, { layout }: ControlPlane, archives: readonly string[]): Promise<void> {
  const keeper = startKeeper();
  const folder = join(layout.folder, 'node');
  mkdirSync(folder);
  const client = new ApiClient(readKubeconfig(layout.file.admin));
  try {
    const runtime = await startContainerd(folder, keeper);
    for (const archive of [pauseArchive(folder), ...archives]) runtime.importImages(archive);
    await client.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', proxierBinding);
    const kubelet = startKubelet({ command, layout, folder, runtimeSocket: runtime.socket, keeper });
    const component = (name: string, args: string[]): Component =>
      new Component({ name, program: { command, args: [name] }, args, folder, keeper });
    const proxy = component('kube-proxy', [
      `--kubeconfig=${layout.file.proxy}`,
      `--hostname-override=${NODE_NAME}`,
      '--proxy-mode=nftables',
      `--cluster-cidr=${POD_RANGE}`,
      // The limits of connection tracking are the machine's, not ours to change.
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0s',
      '--conntrack-tcp-timeout-close-wait=0s',
    ]);
    const dns = component('cluster-dns', [`--kubeconfig=${layout.file.admin}`, `--listen=${DNS_ADDRESS}:53`]);
    for (const part of [proxy, dns]) part.start();
    const parts = [runtime.component, kubelet, proxy, dns];
    const settled = new AbortController();
    try {
      await Promise.race([nodeReady(client, settled.signal), ...parts.map((part) => part.death())]);
    } finally {
      settled.abort();
    }
  } finally {
    client.close();
  }
}

const proxierBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'test-node-proxier' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-proxier' },
  subjects: [{ kind: 'User', name: 'system:kube-proxy', apiGroup: 'rbac.authorization.k8s.io' }],
};

interface NodeObject {
  status?: { conditions?: { type: string; status: string }[] };
}

async function nodeReady(client: ApiClient, settled: AbortSignal): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; !settled.aborted; await pause(LOOK_MS)) {
    const answer = await client.call('GET', `/api/v1/nodes/${NODE_NAME}`).catch(() => null);
    const node = answer?.status === 200 ? (answer.body as NodeObject) : null;
    if (node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true) return;
    if (performance.now() > endMs) throw new Error('the node did not become ready within two minutes');
  }
}
