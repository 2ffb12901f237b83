/**
 * `node test/e2e/main.ts [COMMAND ARG…]` runs a command (without one: the end-to-end tests) beside a whole cluster with our images:
 * of kind where a Docker engine answers, else of a node that it brings up itself. `--if-possible`: where neither can be had, it says why
 * and ends well; in CI not where all that is missing are programs.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { whyNoNode } from '../node/can-run.ts';
import { builtImages, nextImages } from './built-images.ts';
import { withKind, whyNoKind } from './kind-cluster.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'if-possible': { type: 'boolean', default: false } },
});
const tests = ['vitest', 'run', '--project', 'e2e', ...(process.env['E2E_FLAGS']?.split(' ') ?? [])];
const command = positionals.length > 0 ? positionals : tests;
const say = (line: string): void => void process.stderr.write(`e2e: ${line}\n`);

/** Archives of images of the present tree. */
const images = (): string[] => [...builtImages(), ...nextImages()];

function run(): number {
  const noKind = whyNoKind();
  if (noKind === null) return withKind(images(), command);
  const noNode = whyNoNode();
  if (noNode === null) {
    const flags = images().flatMap((image) => ['--image', image]);
    const args = ['test/node/main.ts', ...flags, '--', ...command];
    return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
  }
  const why = `no cluster with real pods here. kind: ${noKind}. A node of our own: ${noNode.why}`;
  if (!values['if-possible'] || (noNode.installable && process.env['CI'] === 'true')) throw new Error(why);
  say(`not run: ${why}`);
  return 0;
}

try {
  process.exitCode = run();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
