import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatFault, readDocuments } from '@fusebox/api/documents.ts';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = globSync('{*.md,{api,sidecar,operator,cli,sample-service,bench,crds,charts,changes,docs}/**/*.md}', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
});

describe('the documentation', () => {
  test.each(pages)('%s links to what exists', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, target]) => target ?? '');
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(resolve(root, dirname(page), target)))).toEqual([]);
  });

  // Not the decisions: they may speak of files that have since moved.
  test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names files that exist', (page) => {
    const names = [...read(page).matchAll(/`((?:api|sidecar|sample-service|bench|scripts|test|docs)\/[\w./-]+)`/g)];
    const missing = names.map(([, name]) => name ?? '').filter((name) => !existsSync(join(root, name)));
    expect(missing).toEqual([]);
  });

  test.each(globSync('docs/examples/**/*.yaml', { cwd: root }))('%s is valid', (file) => {
    const { faults, warnings } = readDocuments([{ name: file, text: read(file) }]);
    expect([faults.map(formatFault), warnings]).toEqual([[], []]);
  });
});
