/** Cuts a stream of bytes into lines of UTF-8, whatever the chunks; empty lines are left out. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #parts: Buffer[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next bytes. The end of a line that is not there yet waits for a later chunk. */
  take(chunk: Buffer): void {
    let from = 0;
    // Only whole lines are decoded: a character may be cut in two by a chunk, never by a line feed.
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      this.#parts.push(chunk.subarray(from, at));
      const line = Buffer.concat(this.#parts).toString('utf8');
      this.#parts.length = 0;
      from = at + 1;
      if (line !== '') this.#onLine(line);
    }
    if (from < chunk.length) this.#parts.push(chunk.subarray(from));
  }
}

const LINE_FEED = 0x0a;
