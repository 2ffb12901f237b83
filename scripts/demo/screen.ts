import { stripVTControlCharacters } from 'node:util';

const redrawMs = 100;
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
/** Between these a terminal that knows them shows nothing half drawn; others ignore them. */
const beginFrame = '\x1b[?2026h';
const endFrame = '\x1b[?2026l';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

/** Lines that stay, and below them a picture that is redrawn in place ten times a second. Without a terminal: the lines only. */
export class Screen {
  readonly isLive: boolean;
  readonly #out: NodeJS.WriteStream;
  #frame: (columns: number) => string[] = () => [];
  #height = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.isLive = out.isTTY && process.env['TERM'] !== 'dumb';
  }

  /** From now on `frame` is shown below the lines. */
  start(frame: (columns: number) => string[]): void {
    if (!this.isLive) return;
    this.#frame = frame;
    this.#out.write(hideCursor);
    this.#timer = setInterval(() => this.#draw([]), redrawMs);
  }

  print(text: string): void {
    if (this.#timer === null) this.#out.write(`${text}\n`);
    else this.#draw(text.split('\n'));
  }

  /** Takes the picture away. */
  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#out.write(`${this.#home()}${clearBelow}${showCursor}`);
  }

  #draw(lines: string[]): void {
    // 0 where the terminal does not tell.
    const columns = this.#out.columns || 80;
    const rows = this.#out.rows || 24;
    const frame = this.#frame(columns).slice(0, Math.max(1, rows - 2));
    const home = this.#home();
    this.#height = frame.length;
    const all = [...lines, ...frame.map((line) => fit(line, columns))];
    this.#out.write(
      `${beginFrame}${home}${all.map((line) => `${line}${clearToEndOfLine}\n`).join('')}${clearBelow}${endFrame}`,
    );
  }

  #home(): string {
    return this.#height > 0 ? `\x1b[${this.#height}A\r` : '\r';
  }
}

/** A line that is too long would wrap, and the picture drift: it loses its end, and its colours. */
function fit(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : plain.slice(0, columns - 1);
}
