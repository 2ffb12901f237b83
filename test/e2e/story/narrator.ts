import { paint } from '../../../scripts/demo/paint.ts';

/** Who tells what happens. */
export interface Narrator {
  /** A sentence that explains. */
  says(text: string): void;
  /** A command, as a user would type it. */
  types(command: string): void;
  /** What the user sees then. */
  shows(output: string): void;
  /** A promise that was kept, with what was measured. */
  kept(promise: string, figure: string): void;
}

/** Tells it on standard output, in colours where that is a terminal. */
export class SpokenNarrator implements Narrator {
  /** Promises that were kept (count). */
  promises = 0;

  says(text: string): void {
    this.#print(`\n  ${text}`);
  }

  types(command: string): void {
    this.#print(`  ${paint('dim', '$')} ${paint('cyan', command)}`);
  }

  shows(output: string): void {
    this.#print(output.trimEnd().replaceAll(/^/gm, '    '));
  }

  kept(promise: string, figure: string): void {
    this.promises += 1;
    this.#print(`  ${paint('green', '✓')} ${promise}: ${paint('bold', figure)}`);
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** Says nothing: for the tests. */
export const silent: Narrator = { says() {}, types() {}, shows() {}, kept() {} };
