import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@fusebox/api/digest.ts';
import { readSnapshot } from '@fusebox/api/snapshot-reader.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { Settings } from '../live-values.ts';
import { dropOtherBlobs, keepBlobs, readBlobs } from './kept-blobs.ts';
import { replaceFile } from './replace-file.ts';

const fileName = 'last-good-snapshot.json';
/** Beside it: the bytes that it names. */
const blobsName = 'last-good-blobs';

/** The last good settings on disk, so that a restart while the settings are missing or broken changes nobody's traffic. */
export interface LastGood {
  /** null: there is none, or (with a warning in the log) none that can be used. Never rejects. */
  read(): Promise<Settings | null>;
  /** Keeps this one instead; of several at once the newest is kept. What fails is logged. Never rejects. */
  write(settings: Settings): Promise<void>;
}

/** Keeps the settings in `directory`, which is made when needed. */
export function newLastGood(directory: string, log: Logger): LastGood {
  const path = join(directory, fileName);
  const blobsPath = join(directory, blobsName);
  let next: Settings | null = null;
  let writing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    while (next !== null) {
      const { snapshot, blobs } = next;
      next = null;
      try {
        await mkdir(directory, { recursive: true });
        // What names something comes after it, and goes before it.
        await keepBlobs(blobsPath, blobs);
        await replaceFile(path, `${JSON.stringify(snapshot)}\n`);
        await dropOtherBlobs(blobsPath, blobs);
      } catch (error) {
        log.warn('the snapshot could not be kept on disk', { path, error });
      }
    }
    writing = null;
  }

  return {
    read: () => readFrom(path, blobsPath, log),
    write(settings) {
      next = settings;
      writing ??= writeAll();
      return writing;
    },
  };
}

async function readFrom(path: string, blobsPath: string, log: Logger): Promise<Settings | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!absent) log.warn('the snapshot on disk cannot be read', { path, error });
    return null;
  }
  const read = parseSnapshot(text);
  const blobs = 'snapshot' in read ? await readBlobs(blobsPath, read.snapshot) : { fault: '' };
  if ('snapshot' in read && !('fault' in blobs)) return { snapshot: read.snapshot, blobs };
  const faults = 'faults' in read ? read.faults : 'fault' in blobs ? [blobs.fault] : [];
  log.warn('the snapshot on disk is of no use and is ignored', { path, faults });
  return null;
}

function parseSnapshot(text: string): { snapshot: Snapshot } | { faults: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message would show a piece of the text, in which there may be a value of the service's configuration.
    return { faults: ['it is no JSON'] };
  }
  const read = readSnapshot(value);
  if ('faults' in read) return read;
  const { digest, ...content } = value as Snapshot;
  return digestOf(content) === digest ? read : { faults: ['its digest does not fit what it holds'] };
}
