/** A real Kubernetes API server for tests, on loopback only. */
export interface TestCluster {
  /** Where it came from: somebody else's, binaries of etcd and kube-apiserver, the kind command, or this repository's own build. */
  readonly kind: ClusterKind;
  /** A kubeconfig file whose user may do everything. */
  readonly kubeconfigPath: string;
  /** Its address, such as `https://127.0.0.1:41233`. */
  readonly server: string;
  /** Without it nothing is collected as garbage, no namespace is ever gone, and no ServiceAccount comes by itself. */
  readonly hasControllerManager: boolean;
  /** Ends its processes and removes its files; an existing cluster goes on. Never throws; the second call does nothing. */
  stop(): Promise<void>;
  /** Kills the API server and starts it again on the same address; resolves when it is ready. @throws Error unless `envtest` or `built`. */
  restartApiServer(): Promise<void>;
  /** Holds etcd still: the API server answers no write and no consistent read until it goes on. @throws Error unless `envtest` or `built`. */
  pauseEtcd(): void;
  /** Lets etcd go on. @throws Error unless `envtest` or `built`. */
  resumeEtcd(): void;
}

export type ClusterKind = 'existing' | 'envtest' | 'kind' | 'built';

/** The disturbances of a cluster whose processes are not ours: each throws. */
export function undisturbed(kind: ClusterKind): Pick<TestCluster, 'restartApiServer' | 'pauseEtcd' | 'resumeEtcd'> {
  const refuse = (): never => {
    throw new Error(`tests cannot disturb the processes of a cluster of kind "${kind}"`);
  };
  return { restartApiServer: async () => refuse(), pauseEtcd: refuse, resumeEtcd: refuse };
}
