import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Keeper } from '../cluster/keep.ts';
import { Component } from '../cluster/own/component.ts';
import { NODE_NAME, type Layout } from '../cluster/own/layout.ts';
import { cgroupName } from './namespaces.ts';
import { DNS_ADDRESS, NODE_ADDRESS } from './network.ts';

export interface KubeletOptions {
  /** The binary of the whole cluster. */
  command: string;
  layout: Layout;
  /** All that it keeps. */
  folder: string;
  runtimeSocket: string;
  keeper: Keeper;
}

/** Starts the agent of the node. */
export function startKubelet({ command, layout, folder, runtimeSocket, keeper }: KubeletOptions): Component {
  const root = join(folder, 'kubelet');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(folder, 'resolv.conf'), '');
  const config = join(folder, 'kubelet.json');
  writeFileSync(config, JSON.stringify(kubeletConfig(layout, folder, runtimeSocket)));
  const args = [
    `--config=${config}`,
    `--kubeconfig=${layout.file.kubelet}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
    `--root-dir=${root}`,
    `--cert-dir=${join(root, 'pki')}`,
  ];
  const program = { command, args: ['kubelet'] };
  const component = new Component({ name: 'kubelet', program, args, folder, keeper });
  component.start();
  return component;
}

const kubeletConfig = ({ file }: Layout, folder: string, runtimeSocket: string): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: '0.0.0.0',
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: file.ca } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: file.kubeletServingCertificate,
  tlsPrivateKeyFile: file.kubeletServingKey,
  containerRuntimeEndpoint: `unix://${runtimeSocket}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${cgroupName()}`,
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  makeIPTablesUtilChains: false,
  // A machine for tests may be fuller than a node should be.
  evictionHard: {
    'memory.available': '50Mi',
    'nodefs.available': '1%',
    'imagefs.available': '1%',
    'nodefs.inodesFree': '1%',
  },
  // Images come from files: what is collected would not come back.
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  clusterDNS: [DNS_ADDRESS],
  clusterDomain: 'cluster.local',
  resolvConf: join(folder, 'resolv.conf'),
  podLogsDir: join(folder, 'pod-logs'),
  volumePluginDir: join(folder, 'volume-plugins'),
  registerNode: true,
});
