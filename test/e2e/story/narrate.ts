/** `node test/e2e/story/narrate.ts` tells the story on the cluster of `KUBECONFIG`. Exit status 0 only if each promise held. */
import { paint } from '../../../scripts/demo/paint.ts';
import { whyNotRun } from '../../support/installed.ts';
import { chapters } from './chapters.ts';
import { SpokenNarrator } from './narrator.ts';
import { openWorld } from './open-world.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function tell(): Promise<void> {
  const missing = whyNotRun(['postgres', 'nats-server']);
  if (missing !== null) throw new Error(missing);
  const startMs = performance.now();
  const narrator = new SpokenNarrator();
  await using world = await openWorld(narrator);
  for (const [at, { title, run }] of chapters.entries()) {
    say(`\n${paint('bold', `${at + 1}. ${title}`)}`);
    await run(world);
  }
  const tookS = ((performance.now() - startMs) / 1_000).toFixed(0);
  say(`\n${paint(['bold', 'green'], `${narrator.promises} promises kept in ${tookS} s`)}`);
}

try {
  await tell();
} catch (error) {
  say(`${paint(['bold', 'red'], '✗')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
