import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresFolder } from '../../support/postgres-server.ts';
import { until } from '../../support/until.ts';
import { fusebox, helm, kubectl } from '../commands.ts';
import type { Narrator } from './narrator.ts';

/** Runs what a user would type, and lets the narrator tell it. Each gives the standard output. */
export class Terminal {
  readonly #narrator: Narrator;

  constructor(narrator: Narrator) {
    this.#narrator = narrator;
  }

  kubectl(...args: string[]): Promise<string> {
    this.#tell('kubectl', args);
    return kubectl(args);
  }

  /** The same with its output shown. */
  async look(...args: string[]): Promise<string> {
    const output = await this.kubectl(...args);
    this.#narrator.shows(output);
    return output;
  }

  helm(...args: string[]): Promise<string> {
    this.#tell('helm', args);
    return helm(args);
  }

  /** `kubectl fusebox`, with its output shown. @throws Error when that says that something is wrong */
  async fusebox(...args: string[]): Promise<void> {
    this.#tell('kubectl fusebox', args);
    const { status, output } = await fusebox(args);
    if (status !== 0) throw new Error(`kubectl fusebox ${args.join(' ')}: ${output}`);
    this.#narrator.shows(output);
  }

  /** The same, again and again until this word is in its output, which is shown then. */
  async fuseboxUntil(word: string, ...args: string[]): Promise<void> {
    this.#tell('kubectl fusebox', args);
    const output = await until(`kubectl fusebox says ${word}`, async () => {
      const said = await fusebox(args);
      return said.output.includes(word) && said.output;
    });
    this.#narrator.shows(output);
  }

  async psql(url: string, statement: string): Promise<string> {
    this.#tell('psql', ['$DATABASE_URL', '-qc', statement]);
    const { stdout } = await promisify(execFile)(join(postgresFolder()!, 'psql'), [
      url,
      '-v',
      'ON_ERROR_STOP=1',
      '-qc',
      statement,
    ]);
    return stdout;
  }

  #tell(command: string, args: readonly string[]): void {
    this.#narrator.types([command, ...args.map(quoted)].join(' '));
  }
}

/** As a shell takes it. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./$-]+$/.test(word)) return word;
  return word.includes("'") ? `"${word.replaceAll(/["$`\\]/g, String.raw`\$&`)}"` : `'${word}'`;
}
