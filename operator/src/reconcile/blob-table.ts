/** Bytes of long and binary values, each once, however many sources hold the same. */
export class BlobTable {
  readonly #entries = new Map<string, { bytes: Uint8Array; holders: number }>();
  readonly #held = new Map<string, readonly string[]>();

  /** Distinct values, and their bytes (count). */
  get sizes(): { values: number; bytes: number } {
    const all = [...this.#entries.values()];
    return { values: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes.length, 0) };
  }

  /**
   * These are all that the source holds from now on; an empty map: it holds none. In `blobs`, bytes that are here already take
   * the place of their copies.
   */
  hold(source: string, blobs: Map<string, Uint8Array>): void {
    const before = this.#held.get(source) ?? [];
    for (const [digest, bytes] of blobs) {
      const entry = this.#entries.get(digest) ?? { bytes, holders: 0 };
      entry.holders += 1;
      this.#entries.set(digest, entry);
      blobs.set(digest, entry.bytes);
    }
    if (blobs.size === 0) this.#held.delete(source);
    else this.#held.set(source, [...blobs.keys()]);
    for (const digest of before) this.#release(digest);
  }

  #release(digest: string): void {
    const entry = this.#entries.get(digest)!;
    entry.holders -= 1;
    if (entry.holders === 0) this.#entries.delete(digest);
  }
}
