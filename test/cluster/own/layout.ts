import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeKubeconfig } from '../api/kubeconfig.ts';
import { newAuthority, newKeys } from '@fusebox/operator/pki/authority.ts';

/** Every address within a control plane is this one. */
export const LOOPBACK = '127.0.0.1';

/** The files of a control plane, all in one folder, and its ports. */
export interface Layout {
  folder: string;
  server: string;
  apiPort: number;
  etcdPort: number;
  /** Address of the one node that there is; null: none, and all is on loopback. */
  nodeAddress: string | null;
  file: typeof FILES;
}

const FILES = {
  etcd: 'etcd',
  ca: 'ca.crt',
  caKey: 'ca.key',
  servingCertificate: 'apiserver.crt',
  servingKey: 'apiserver.key',
  serviceAccountPublicKey: 'sa.pub',
  serviceAccountKey: 'sa.key',
  admin: 'admin.kubeconfig',
  controllerManager: 'controller-manager.kubeconfig',
  scheduler: 'scheduler.kubeconfig',
  kubeletClientCertificate: 'kubelet-client.crt',
  kubeletClientKey: 'kubelet-client.key',
  kubeletServingCertificate: 'kubelet.crt',
  kubeletServingKey: 'kubelet.key',
  kubelet: 'kubelet.kubeconfig',
  proxy: 'proxy.kubeconfig',
};

/** Name of the node, where there is one. */
export const NODE_NAME = 'node1';
/** First address of the Services' range: that of the API server. */
const API_SERVICE = '10.96.0.1';

/** Makes a folder with new keys, certificates and kubeconfig files for these ports. */
export function makeLayout(apiPort: number, etcdPort: number, nodeAddress: string | null): Layout {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-cluster-'));
  const server = `https://${LOOPBACK}:${apiPort}`;
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content, { mode: 0o600 });

  const authority = newAuthority('test cluster', Date.now());
  const ca = authority.own.certificate;
  write(FILES.ca, ca);
  write(FILES.caKey, authority.own.key);

  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const hosts = [LOOPBACK, ...names, API_SERVICE, ...(nodeAddress === null ? [] : [nodeAddress])];
  const serving = authority.issue({ name: 'kube-apiserver', hosts });
  write(FILES.servingCertificate, serving.certificate);
  write(FILES.servingKey, serving.key);

  const signing = newKeys();
  write(FILES.serviceAccountKey, signing.pem);
  write(FILES.serviceAccountPublicKey, signing.publicKey.export({ type: 'spki', format: 'pem' }));

  const user = (file: string, name: string, organization?: string): void => {
    const subject = organization === undefined ? { name } : { name, organization };
    writeKubeconfig(join(folder, file), { server, ca, credentials: authority.issue(subject) });
  };
  user(FILES.admin, 'admin', 'system:masters');
  // Its loops have a ServiceAccount with a role each in a real cluster. One user for all of them starts sooner.
  user(FILES.controllerManager, 'system:kube-controller-manager', 'system:masters');
  user(FILES.scheduler, 'system:kube-scheduler');

  if (nodeAddress !== null) {
    const pair = (certificate: string, key: string, made: { certificate: string; key: string }): void => {
      write(certificate, made.certificate);
      write(key, made.key);
    };
    const client = authority.issue({ name: 'kube-apiserver-kubelet-client', organization: 'system:masters' });
    pair(FILES.kubeletClientCertificate, FILES.kubeletClientKey, client);
    const node = authority.issue({ name: NODE_NAME, hosts: [LOOPBACK, NODE_NAME, nodeAddress] });
    pair(FILES.kubeletServingCertificate, FILES.kubeletServingKey, node);
    user(FILES.kubelet, `system:node:${NODE_NAME}`, 'system:nodes');
    user(FILES.proxy, 'system:kube-proxy');
  }

  const paths = Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, join(folder, name)]));
  return { folder, server, apiPort, etcdPort, nodeAddress, file: paths as typeof FILES };
}
