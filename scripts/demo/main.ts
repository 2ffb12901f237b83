// Shows, with real processes and under load, what the sidecar does for a service. Exit status 0 only if each promise held.
import { acts } from './acts.ts';
import { byHand } from './by-hand.ts';
import { Children, type LogLine } from './children.ts';
import { eventOf } from './events.ts';
import { paint } from './paint.ts';
import { panel } from './panel.ts';
import { Screen } from './screen.ts';
import { SettingsFolder } from './settings-folder.ts';
import { outcomeLine, summary, type Outcome } from './summary.ts';
import { EXAMPLES, RATE, setUp, tearDown, type World } from './world.ts';

const exitInterrupted = 130;

const startedMs = performance.now();
const elapsedMs = (): number => performance.now() - startedMs;
const screen = new Screen(process.stdout);
const children = new Children();
const settings = new SettingsFolder(EXAMPLES);
const outcomes: Outcome[] = [];
const events: string[] = [];
let act = '';

let interrupted = false;

process.once('exit', () => {
  screen.stop();
  settings.remove();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true;
    screen.stop();
    screen.print('stopping');
    void children.stopAll().then(() => process.exit(exitInterrupted));
  });
}

function promise(what: string, kept: boolean, figure: string): void {
  const outcome = { act, what, kept, figure };
  outcomes.push(outcome);
  screen.print(outcomeLine(outcome));
}

function onLine(line: LogLine): void {
  const text = eventOf(line);
  if (text === null) return;
  const event = `${(elapsedMs() / 1000).toFixed(1).padStart(5)} s  ${text}`;
  events.push(event);
  if (!screen.isLive && line.message !== 'settings applied') screen.print(paint('dim', event));
}

async function play(world: World): Promise<void> {
  for (const [at, { title, run }] of acts.entries()) {
    act = `${at + 1}. ${title}`;
    screen.print(`\n${paint('bold', act)}`);
    // One that cannot end throws, and those after it are not played: they would begin with what it left.
    await Promise.race([run(world), children.accident]);
  }
}

async function show(): Promise<void> {
  screen.print('starting a user service, and the sidecar before it');
  const world = await setUp({ children, settings, promise, onLine });
  screen.print(`ready: ${RATE} requests a second through the sidecar; settings in ${settings.path}`);
  void world.watcher.watch();
  screen.start((columns) => panel({ ...world, act, events, elapsedMs: elapsedMs() }, columns));
  try {
    await play(world);
  } finally {
    screen.stop();
    tearDown(world);
  }
}

try {
  await show();
} catch (error) {
  // The children are going already, and the process with them: what fails now says nothing.
  if (interrupted) await new Promise(() => {});
  promise('the demo comes to its end', false, error instanceof Error ? error.message : String(error));
}
await children.stopAll();
screen.print(summary(outcomes, elapsedMs(), process.stdout.columns));
screen.print(byHand);
process.exit(outcomes.every(({ kept }) => kept) ? 0 : 1);
