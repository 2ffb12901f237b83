import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@fusebox/api/digest.ts';
import { readSnapshot } from '@fusebox/api/snapshot-reader.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Logger } from '@fusebox/runtime/log.ts';

const fileName = 'last-good-snapshot.json';

/** The last good snapshot on disk, so that a restart while the settings are missing or broken changes nobody's traffic. */
export interface LastGood {
  /** null: there is none, or (with a warning in the log) none that can be used. Never rejects. */
  read(): Promise<Snapshot | null>;
  /** Keeps this one instead; of several at once the newest is kept. What fails is logged. Never rejects. */
  write(snapshot: Snapshot): Promise<void>;
}

/** Keeps the snapshot in `directory`, which is made when needed. */
export function newLastGood(directory: string, log: Logger): LastGood {
  const path = join(directory, fileName);
  let next: Snapshot | null = null;
  let writing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    while (next !== null) {
      const snapshot = next;
      next = null;
      try {
        await mkdir(directory, { recursive: true });
        await replaceFile(path, `${JSON.stringify(snapshot)}\n`);
      } catch (error) {
        log.warn('the snapshot could not be kept on disk', { path, error });
      }
    }
    writing = null;
  }

  return {
    read: () => readFrom(path, log),
    write(snapshot) {
      next = snapshot;
      writing ??= writeAll();
      return writing;
    },
  };
}

async function readFrom(path: string, log: Logger): Promise<Snapshot | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!absent) log.warn('the snapshot on disk cannot be read', { path, error });
    return null;
  }
  const read = parseSnapshot(text);
  if ('snapshot' in read) return read.snapshot;
  log.warn('the snapshot on disk is of no use and is ignored', { path, faults: read.faults });
  return null;
}

function parseSnapshot(text: string): { snapshot: Snapshot } | { faults: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
  const read = readSnapshot(value);
  if ('faults' in read) return read;
  const { digest, ...content } = value as Snapshot;
  return digestOf(content) === digest ? read : { faults: ['its digest does not fit what it holds'] };
}

/** Readers see the old file or the new one, whole, whatever happens in between: written aside, forced to the disk, renamed over. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
