import type { TestProject } from 'vitest/node';
import { startCluster } from './start-cluster.ts';
import type { TestCluster } from './test-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster that the test files of a project share: each keeps to namespaces of its own. */
    cluster: Pick<TestCluster, 'kind' | 'kubeconfigPath' | 'server' | 'hasControllerManager'>;
  }
}

/** Starts one cluster for all files of a project, and stops it after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster();
  const { kind, kubeconfigPath, server, hasControllerManager } = cluster;
  project.provide('cluster', { kind, kubeconfigPath, server, hasControllerManager });
  return () => cluster.stop();
}
