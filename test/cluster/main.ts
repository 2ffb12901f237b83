/**
 * The cluster that a developer keeps: `main.ts up` starts it in the background and prints what a shell evaluates, `main.ts down` stops
 * it. Both talk to the process that holds it (`main.ts hold`) over a socket that only its owner can reach: no process ids in files.
 */
import { down, up } from './kept/commands.ts';
import { hold } from './kept/hold.ts';

const verbs: Record<string, () => Promise<void>> = { up, down, hold };
const verb = verbs[process.argv[2] ?? ''];

try {
  if (verb === undefined) throw new Error(`usage: main.ts ${Object.keys(verbs).join('|')}`);
  await verb();
} catch (error) {
  process.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
