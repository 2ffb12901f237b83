import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], exclude: string[] = []) => ({
  test: { name, include, exclude: ['**/node_modules/**', ...exclude], testTimeout: 30_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{api,sidecar,operator,cli,sample-service,bench,scripts}/**/*.test.ts'], ['**/*.prop.test.ts']),
      project('prop', ['**/*.prop.test.ts']),
      project('integration', ['test/**/*.test.ts'], ['**/*.prop.test.ts']),
    ],
    coverage: { provider: 'v8', include: ['api/src/**', 'sidecar/src/**'] },
  },
});
