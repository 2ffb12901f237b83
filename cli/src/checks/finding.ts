import { type Cluster, ClusterError } from '../kube/cluster.ts';

/** The answer to one question. */
export interface Finding {
  about: string;
  /** `warning`: it works, but somebody should look. */
  state: 'ok' | 'warning' | 'failed';
  detail: string;
  /** What to do; empty where nothing is to be done. */
  advice: string;
}

/** What a question may look at. */
export interface Asked {
  cluster: Cluster;
  namespace: string;
  nowMs: number;
}

export type Check = (asked: Asked) => Promise<Finding[]>;

/** Selects what the chart has made. */
export const APP_SELECTOR = 'labelSelector=app.kubernetes.io%2Fname%3Dfusebox';

/** What a check that was not allowed to look has found. @throws ClusterError where there is no API server any more */
export function unseen(about: string, error: unknown): Finding {
  if (!(error instanceof ClusterError) || error.code === 'unavailable') throw error;
  return {
    about,
    state: 'warning',
    detail: `could not be looked at: ${error.message}`,
    advice: 'ask somebody who may read it',
  };
}
