/** The commands of the pages that need no cluster, run as they stand there. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from './cluster/own/free-ports.ts';
import { commandsOf, type PageCommand } from './pages/page-commands.ts';
import { runCommands } from './pages/run-commands.ts';
import { newFolder } from './support/settings.ts';

const root = resolve(import.meta.dirname, '..');
const TIMEOUT_MS = 100_000;

/** Done once for all tests: what they run with is installed, and on the path. */
const isSetUp = ({ text }: PageCommand): boolean => text === 'make setup' || text.startsWith('export PATH=');

/** In place of the page's ports and of /tmp, what is free on this machine. */
async function runOnFreePorts(commands: PageCommand[], folder: string): Promise<string[]> {
  const [service, inbound, local, admin] = (await freePorts(4)) as [number, number, number, number];
  const port: Record<string, number> = { 8080: service, 4140: inbound, 4142: local, 4143: admin };
  const replaced = commands
    .filter((command) => !isSetUp(command))
    .map(({ text, ...more }) => ({
      ...more,
      text: text
        .replaceAll(/localhost:(\d+)/g, (_all, number: string) => `localhost:${port[number]}`)
        .replaceAll('/tmp/', `${folder}/`),
    }));
  const env = {
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: process.env['HOME'] ?? folder,
    PORT: `${service}`,
    FUSEBOX_UPSTREAM: `127.0.0.1:${service}`,
    FUSEBOX_INBOUND: `127.0.0.1:${inbound}`,
    FUSEBOX_LOCAL: `127.0.0.1:${local}`,
    FUSEBOX_ADMIN: `127.0.0.1:${admin}`,
  };
  return runCommands(replaced, { cwd: root, env, timeoutMs: TIMEOUT_MS });
}

test.each([
  ['docs/without-a-cluster.md', 'A sidecar and a file', 15],
  ['docs/feature-flags.md', null, 15],
])(
  '%s: its commands do what it says',
  async (page, only, least) => {
    const folder = await newFolder();
    try {
      const all = commandsOf(readFileSync(join(root, page), 'utf8'));
      const commands = all.filter(({ section }) => only === null || section === only);
      expect(commands.length).toBeGreaterThanOrEqual(least);
      expect(await runOnFreePorts(commands, folder.path)).toEqual([]);
    } finally {
      await folder.remove();
    }
  },
  120_000,
);
