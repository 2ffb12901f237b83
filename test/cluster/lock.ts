import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 500;

/** Resolves once this process alone holds the lock on `path`; `onWait` is called once when that is not at once. */
export async function lock(path: string, onWait: () => void): Promise<Disposable> {
  for (let waited = false; ; waited = true) {
    const held = tryLock(path);
    if (held !== null) return held;
    if (!waited) onWait();
    await pause(LOOK_MS);
  }
}

/**
 * An empty SQLite file under an exclusive transaction: the lock is the kernel's, so it ends with the process that holds it, and none is
 * ever left behind. Node has no other way to such a lock.
 */
function tryLock(path: string): Disposable | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written: no journal file either.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;
