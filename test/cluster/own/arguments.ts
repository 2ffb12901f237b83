import { LOOPBACK, type Layout } from './layout.ts';

/** One member, on a disk that may forget: nobody needs its data after a crash. */
export function etcdArguments({ etcdPort, file }: Layout): string[] {
  return [
    '--name=test',
    `--data-dir=${file.etcd}`,
    `--listen-client-urls=http://${LOOPBACK}:${etcdPort}`,
    `--advertise-client-urls=http://${LOOPBACK}:${etcdPort}`,
    `--listen-peer-urls=http://${LOOPBACK}:0`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** Authentication, authorization and admission as in a real cluster. `serviceAccounts`: whether somebody makes ServiceAccounts. */
export function apiServerArguments(layout: Layout, serviceAccounts: boolean): string[] {
  const { apiPort, etcdPort, file } = layout;
  return [
    `--etcd-servers=http://${LOOPBACK}:${etcdPort}`,
    `--secure-port=${apiPort}`,
    ...(layout.nodeAddress === null ? aloneOnLoopback : besideNode(layout.nodeAddress, layout)),
    `--tls-cert-file=${file.servingCertificate}`,
    `--tls-private-key-file=${file.servingKey}`,
    `--client-ca-file=${file.ca}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${file.serviceAccountKey}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    // It would refuse every pod of a namespace without its default ServiceAccount.
    ...(serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged',
    '--profiling=false',
  ];
}

/** Nobody may advertise a loopback address as an endpoint: do not try again and again. */
const aloneOnLoopback = [
  `--bind-address=${LOOPBACK}`,
  `--advertise-address=${LOOPBACK}`,
  '--endpoint-reconciler-type=none',
];

/** Pods come from other addresses, and logs and port-forwards go to the kubelet. */
const besideNode = (address: string, { file }: Layout): string[] => [
  '--bind-address=0.0.0.0',
  `--advertise-address=${address}`,
  `--kubelet-client-certificate=${file.kubeletClientCertificate}`,
  `--kubelet-client-key=${file.kubeletClientKey}`,
  `--kubelet-certificate-authority=${file.ca}`,
  '--kubelet-preferred-address-types=InternalIP',
];

/** All default loops, without leader election, and without a port. */
export function controllerManagerArguments({ file }: Layout): string[] {
  return [
    `--kubeconfig=${file.controllerManager}`,
    `--root-ca-file=${file.ca}`,
    `--cluster-signing-cert-file=${file.ca}`,
    `--cluster-signing-key-file=${file.caKey}`,
    `--service-account-private-key-file=${file.serviceAccountKey}`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--leader-elect=false',
    '--secure-port=0',
  ];
}

/** Without leader election, and without a port. */
export function schedulerArguments({ file }: Layout): string[] {
  return [`--kubeconfig=${file.scheduler}`, '--leader-elect=false', '--secure-port=0'];
}
