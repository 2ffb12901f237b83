import type { ObjectStatus } from '@fusebox/api/object-status.ts';

/** A status that this process wrote. */
export interface Written {
  status: ObjectStatus;
  /** When (ms, monotonic). */
  atMs: number;
  /** Has the watch shown the object since? */
  shown: boolean;
}

/**
 * The last status written of each source. Until the watch shows it, it is what stands there: a turn that went by the older one
 * would write the same again with another time in it.
 */
export class WrittenStatuses {
  readonly #byKey = new Map<string, Written>();

  get(key: string): Written | null {
    return this.#byKey.get(key) ?? null;
  }

  wrote(key: string, status: ObjectStatus, nowMs: number): void {
    this.#byKey.set(key, { status, atMs: nowMs, shown: false });
  }

  shown(key: string): void {
    const written = this.#byKey.get(key);
    if (written !== undefined) written.shown = true;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
