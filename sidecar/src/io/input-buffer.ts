/** Bytes that have come and were not used yet. The usual piece is used whole and never copied. */
export class InputBuffer {
  bytes: Buffer = EMPTY;
  /** The unused bytes are `bytes[start, end)`. */
  start = 0;
  end = 0;
  /** `bytes` is our own, with room behind `end`. */
  private owned = false;

  get length(): number {
    return this.end - this.start;
  }

  /** Adds a piece; gives by how much the unused bytes moved, for those who remember places in them. */
  push(piece: Buffer): number {
    if (this.start === this.end) {
      this.bytes = piece;
      this.start = 0;
      this.end = piece.length;
      this.owned = false;
      return 0;
    }
    const moved = this.makeRoom(piece.length);
    piece.copy(this.bytes, this.end);
    this.end += piece.length;
    return moved;
  }

  /** Everything before `position` was used. */
  use(position: number): void {
    this.start = position;
    if (position === this.end) this.clear();
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = this.end = 0;
    this.owned = false;
  }

  /** Doubles, so that a head dripped in small pieces is copied a bounded number of times. */
  private makeRoom(bytes: number): number {
    if (this.owned && this.end + bytes <= this.bytes.length) return 0;
    const moved = -this.start;
    const larger = Buffer.allocUnsafeSlow(Math.max(1024, (this.length + bytes) * 2));
    this.bytes.copy(larger, 0, this.start, this.end);
    this.end = this.length;
    this.start = 0;
    this.bytes = larger;
    this.owned = true;
    return moved;
  }
}

const EMPTY = Buffer.alloc(0);
