/**
 * `node test/node/main.ts [--image FILE]… -- COMMAND [ARG…]` runs a command beside a whole cluster of one node: `KUBECONFIG` names the
 * cluster, its Services and pods can be reached, and all of it is gone when the command ends. Its status is that of the command.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { logToStderr } from '../cluster/log.ts';
import { whyNoNode } from './can-run.ts';
import { isInside, runInside } from './namespaces.ts';
import { startNode } from './start-node.ts';

const args = process.argv.slice(2);
const { values, positionals } = parseArgs({
  args,
  allowPositionals: true,
  options: { image: { type: 'string', multiple: true, default: [] } },
});

const STATUS_OF_SIGTERM = 143;

async function beside([command, ...rest]: string[]): Promise<number> {
  const startMs = performance.now();
  // The first process of its namespace hears only signals that it asks for.
  const end = (): void => process.exit(STATUS_OF_SIGTERM);
  process.once('SIGTERM', end);
  const kubeconfig = await startNode(values.image, logToStderr);
  logToStderr(`a node is ready after ${Math.round((performance.now() - startMs) / 1000)} s`);
  const child = spawn(command!, rest, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
  process.on('SIGINT', () => {});
  process.off('SIGTERM', end);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
}

try {
  if (positionals.length === 0) throw new Error('usage: main.ts [--image FILE]… -- COMMAND [ARG…]');
  const closed = isInside() ? null : whyNoNode();
  if (closed !== null) throw new Error(`no node here: ${closed.why}`);
  // The end of the first process inside ends all others there.
  process.exit(isInside() ? await beside(positionals) : await runInside(args));
} catch (error) {
  process.stderr.write(`node: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
