/**
 * First come, first served, and from anywhere in it one can leave. A `Set` would do the same, but its tables are chained:
 * each time V8 tidies one up, it leaves a pointer to the new one in it. Once an old table has moved to the old generation
 * of the heap, all that come after it stay, with every waiter they have ever held, until the next full collection. Here
 * who leaves is cut off from its neighbours.
 */
export class WaitingLine<T> {
  #first: Place<T> | null = null;
  #last: Place<T> | null = null;
  #length = 0;

  /** How many wait (count). */
  get length(): number {
    return this.#length;
  }

  /** Who has waited longest. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Stands at the end. The answer takes it out, wherever it stands by then; more than once does nothing. */
  add(value: T): () => void {
    const place: Place<T> = { value, before: this.#last, behind: null, left: false };
    if (this.#last === null) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#length++;
    return () => this.#leave(place);
  }

  #leave(place: Place<T>): void {
    if (place.left) return;
    const { before, behind } = place;
    if (before === null) this.#first = behind;
    else before.behind = behind;
    if (behind === null) this.#last = before;
    else behind.before = before;
    place.before = null;
    place.behind = null;
    place.left = true;
    this.#length--;
  }
}

interface Place<T> {
  readonly value: T;
  before: Place<T> | null;
  behind: Place<T> | null;
  left: boolean;
}
