/**
 * Claims on a node with real pods: from `kubectl apply` of a changed ConfigMap to the first changed answer through a Service at most 50 ms
 * (p50) and 200 ms (p99); a sidecar is ready within 1 s of its container's start; it adds at most 90 MB of resident memory to a pod.
 * usage: node bench/node.ts [--rounds N]   (edits; others in proportion)
 */
import { spawnSync } from 'node:child_process';
import { builtImages } from '../test/e2e/built-images.ts';
import { whyNoNode } from '../test/node/can-run.ts';
import { readOptions } from './options.ts';

const words = process.argv.slice(2);
readOptions(words);
const noNode = whyNoNode();
if (noNode === null) {
  const images = builtImages().flatMap((image) => ['--image', image]);
  const command = [process.execPath, 'bench/node/measure.ts', ...words];
  const { status } = spawnSync(process.execPath, ['test/node/main.ts', ...images, '--', ...command], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  console.log(`Left out: there is no node with real pods here. ${noNode.why}`);
}
