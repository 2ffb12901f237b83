import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], { exclude = [] as string[], isolate = true } = {}) => ({
  test: { name, include, exclude: ['**/node_modules/**', ...exclude], isolate, testTimeout: 30_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{api,sidecar,operator,cli,sample-service,bench,scripts}/**/*.test.ts'], {
        exclude: ['**/*.prop.test.ts'],
      }),
      // Properties mock nothing, so they may share a process: that saves loading every module once per file.
      project('prop', ['**/*.prop.test.ts'], { isolate: false }),
      project('integration', ['test/**/*.test.ts'], { exclude: ['**/*.prop.test.ts'] }),
    ],
    coverage: { provider: 'v8', include: ['api/src/**', 'sidecar/src/**'] },
  },
});
