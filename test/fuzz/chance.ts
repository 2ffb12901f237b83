/** Chance that repeats itself: the same seed draws the same numbers (sfc32 by Chris Doty-Humphrey, public domain). */
export class Chance {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed` and `stream`: any integers; different streams of one seed share nothing. */
  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = stream | 0;
    this.c = 0x9e3779b9 | 0;
    for (let turn = 0; turn < 15; turn++) this.bits();
  }

  /** 32 bits. */
  private bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 ≤ integer < `limit`. */
  below(limit: number): number {
    return this.bits() % limit;
  }

  /** True once in `n` draws on average. */
  oneIn(n: number): boolean {
    return this.bits() % n === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** The text in up to `most` pieces, cut anywhere; none of them empty. */
  pieces(text: string, most: number): string[] {
    const places = Array.from({ length: this.below(most) }, () => this.below(text.length + 1)).sort((a, b) => a - b);
    const cuts = [...places, text.length];
    let from = 0;
    const pieces: string[] = [];
    for (const place of cuts) {
      if (place > from) pieces.push(text.slice(from, place));
      from = place;
    }
    return pieces;
  }
}
