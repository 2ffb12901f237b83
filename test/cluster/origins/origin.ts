import type { Log } from '../log.ts';
import type { ClusterKind, TestCluster } from '../test-cluster.ts';

/** One way to come to a cluster. */
export interface Origin {
  kind: ClusterKind;
  /** Starts a cluster when this way is open here; else tells why it is not. @throws Error when it is open but fails. */
  open(log: Log): Promise<TestCluster | Closed>;
}

/** Why a way to a cluster is not open on this machine, and what opens it. */
interface Closed {
  closed: string;
}
