/** A value, and where its age is counted from. */
export interface Copy<Value> {
  value: Value;
  /** When it was made (ms since 1970). */
  madeAtMs: number;
  /** How long that took (ms). */
  tookMs: number;
}

/** After a key was forgotten, copies of it are not taken for so long (ms): they may have been read before the change. */
export const holdMs = 5_000;

/** A place for copies. Every call rejects, soon, when the place cannot be reached. */
export interface Cache<Value> {
  /** The copy, however old. */
  get(key: string): Promise<Copy<Value> | null>;
  /** Keeps a copy for `ttlMs` at most, unless the key was forgotten less than `holdMs` ago. */
  put(key: string, copy: Copy<Value>, ttlMs: number): Promise<void>;
  forget(key: string): Promise<void>;
  close(): Promise<void>;
}
