/** The commands of the pages for newcomers, run as they stand there, on a cluster with real pods. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { commandsOf, type PageCommand } from '../pages/page-commands.ts';
import { runCommands } from '../pages/run-commands.ts';
import { installTools } from '../support/helm.ts';
import { clear } from './story/clear.ts';

const root = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 400_000;
const REAL_CHARTS = 3;

beforeEach(() => clear(), 120_000);
afterAll(() => clear(), 120_000);

/** Left out: what the test's own cluster was made by (test/e2e/main.ts builds and loads the images), and verbs with tests of their own. */
const isDoneAlready = ({ text, section }: PageCommand): boolean =>
  text.startsWith('make ') || text.startsWith('export PATH=') || section === '0. Images';

test.each([
  ['README.md', 6],
  ['docs/getting-started.md', 24],
])(
  '%s: its commands do what it says',
  async (page, least) => {
    const commands = commandsOf(readFileSync(join(root, page), 'utf8')).filter((command) => !isDoneAlready(command));
    expect(commands.length).toBeGreaterThanOrEqual(least);
    expect(commands.filter(({ text }) => text.startsWith('helm upgrade'))).toHaveLength(REAL_CHARTS);
    const { helm, kubectl } = installTools();
    // Nothing is replaced: on a machine where port 8080 or 8081 is taken this fails, as it would for a reader.
    const env = {
      ...(process.env as Record<string, string>),
      PATH: [join(root, 'node_modules/.bin'), dirname(helm), dirname(kubectl), process.env['PATH']].join(':'),
    };
    expect(await runCommands(commands, { cwd: root, env, timeoutMs: TIMEOUT_MS })).toEqual([]);
  },
  450_000,
);
