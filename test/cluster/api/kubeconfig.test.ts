import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('what was written is read, and others cannot read it', () => {
  const path = join(newFolder(), 'kubeconfig');
  const access = { server: 'https://127.0.0.1:1', ca: 'authority' };
  for (const user of [{ credentials: { certificate: 'c', key: 'k' } }, { token: 't' }]) {
    writeKubeconfig(path, { ...access, ...user });
    expect(readKubeconfig(path)).toEqual({ ...access, ...user });
  }
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('the current context counts, and files are found beside the kubeconfig', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'ca.crt'), 'authority');
  const path = join(folder, 'config');
  writeFileSync(
    path,
    `
current-context: second
contexts:
- {name: first, context: {cluster: a, user: a}}
- {name: second, context: {cluster: b, user: b}}
clusters:
- {name: a, cluster: {server: "https://a"}}
- {name: b, cluster: {server: "https://b", certificate-authority: ca.crt}}
users:
- {name: a, user: {token: a}}
- {name: b, user: {token: b}}
`,
  );
  expect(readKubeconfig(path)).toEqual({ server: 'https://b', ca: 'authority', token: 'b' });
});

test('a user who signs in by neither certificate nor token is refused', () => {
  const path = join(newFolder(), 'config');
  writeFileSync(
    path,
    '{current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}], clusters: [{name: x, cluster: {server: "https://x"}}], users: [{name: x, user: {exec: {command: y}}}]}',
  );
  expect(() => readKubeconfig(path)).toThrow('neither a client certificate nor a token');
  writeFileSync(path, '{}');
  expect(() => readKubeconfig(path)).toThrow('no current context');
});
