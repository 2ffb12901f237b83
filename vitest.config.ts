import { defineConfig } from 'vitest/config';

/** Beside a whole cluster: test/e2e/main.ts starts them. */
const E2E_TESTS = ['**/*.e2e.test.ts'];
const CLUSTER_TESTS = ['test/cluster/{cluster,own-processes}.test.ts', '**/*.cluster.test.ts'];

interface ProjectOptions {
  exclude?: string[];
  isolate?: boolean;
  globalSetup?: string[];
  fileParallelism?: boolean;
}

const project = (name: string, include: string[], options: ProjectOptions = {}) => ({
  test: {
    name,
    include,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...options,
    exclude: ['**/node_modules/**', ...(options.exclude ?? [])],
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{api,runtime,sidecar,operator,cli,sample-service,bench,scripts}/**/*.test.ts'], {
        exclude: ['**/*.prop.test.ts', ...CLUSTER_TESTS],
      }),
      // Properties mock nothing, so they may share a process: that saves loading every module once per file.
      project('prop', ['**/*.prop.test.ts'], { isolate: false }),
      project('integration', ['test/**/*.test.ts'], { exclude: ['**/*.prop.test.ts', ...CLUSTER_TESTS, ...E2E_TESTS] }),
      // On a real Kubernetes API server, which the first run may have to build for minutes.
      project('cluster', CLUSTER_TESTS, { globalSetup: ['test/cluster/global-setup.ts'] }),
      // They share one cluster, and charts are installed once in it.
      project('e2e', E2E_TESTS, { fileParallelism: false }),
    ],
    coverage: { provider: 'v8', include: ['api/src/**', 'runtime/src/**', 'sidecar/src/**', 'operator/src/**'] },
  },
});
