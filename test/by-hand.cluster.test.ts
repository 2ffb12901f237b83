/** The commands of the page about an operator without nodes, run as they stand there, on an API server that is up already. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from './cluster/own/free-ports.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { commandsOf } from './pages/page-commands.ts';
import { runCommands } from './pages/run-commands.ts';
import { installTools } from './support/helm.ts';
import { newFolder } from './support/settings.ts';

const root = resolve(import.meta.dirname, '..');
const SECTION = 'An operator and an API server';
const TIMEOUT_MS = 100_000;

let cluster: TestCluster;
let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  cluster = await startCluster();
  folder = await newFolder();
}, 900_000);
afterAll(async () => {
  await folder?.remove();
  await cluster?.stop();
});

test('docs/without-a-cluster.md: an operator beside an API server does what it says', async () => {
  const [serve] = (await freePorts(1)) as [number];
  const namespace = `shop-${serve}`;
  // Ports, folder and namespace of its own. `make cluster` has tests of its own, and node_modules/.bin is on the path.
  const replaced = (text: string): string =>
    text
      .replaceAll('127.0.0.1:4150', `127.0.0.1:${serve}`)
      .replaceAll('/tmp/', `${folder.path}/`)
      .replaceAll(/\bshop\b/g, namespace)
      .replace('operator/src/main.ts', '$& --admin none')
      .replace('npx fusebox-sidecar', '$& --inbound 127.0.0.1:0 --local 127.0.0.1:0 --admin 127.0.0.1:0');
  const commands = commandsOf(readFileSync(join(root, 'docs/without-a-cluster.md'), 'utf8'))
    .filter(({ section, text }) => section === SECTION && !text.includes('make cluster'))
    .map((command) => ({ ...command, text: replaced(command.text) }));
  expect(commands.length).toBeGreaterThan(10);
  const tools = dirname(installTools().kubectl);
  const env = {
    PATH: [join(root, 'node_modules/.bin'), tools, process.env['PATH']].join(':'),
    HOME: process.env['HOME'] ?? folder.path,
    KUBECONFIG: cluster.kubeconfigPath,
  };
  expect(await runCommands(commands, { cwd: root, env, timeoutMs: TIMEOUT_MS })).toEqual([]);
}, 120_000);
