import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blobs } from '@fusebox/api/config-values.ts';
import { digestOfBytes } from '@fusebox/api/digest.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { replaceFile } from './replace-file.ts';

type Named = Pick<Snapshot, 'configBlobs'>;

/** Puts these bytes into `directory`, a file for each digest; what is there is not written again. */
export async function keepBlobs(directory: string, blobs: Blobs): Promise<void> {
  if (blobs.size === 0) return;
  await mkdir(directory, { recursive: true });
  for (const [digest, bytes] of blobs) {
    const path = join(directory, fileOf(digest));
    const there = await stat(path).catch(() => null);
    if (there?.size !== bytes.length) await replaceFile(path, bytes);
  }
}

/** Removes what these bytes have no part in. */
export async function dropOtherBlobs(directory: string, blobs: Blobs): Promise<void> {
  const wanted = new Set([...blobs.keys()].map(fileOf));
  const there = await readdir(directory).catch(() => []);
  for (const file of there) if (!wanted.has(file)) await rm(join(directory, file), { force: true });
}

/**
 * The bytes that this snapshot names, or what is wrong with the first that is not there as it was. One that is damaged is removed, so
 * that it is written again when it comes anew.
 */
export async function readBlobs(directory: string, { configBlobs = {} }: Named): Promise<Blobs | { fault: string }> {
  const blobs = new Map<string, Uint8Array>();
  for (const [key, { digest }] of Object.entries(configBlobs)) {
    const path = join(directory, fileOf(digest));
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null) return { fault: `the value of ${JSON.stringify(key)} is not there` };
    if (digestOfBytes(bytes) !== digest) {
      await rm(path, { force: true }).catch(() => {});
      return { fault: `the value of ${JSON.stringify(key)} is damaged` };
    }
    blobs.set(digest, bytes);
  }
  return blobs;
}

const fileOf = (digest: string): string => digest.slice('sha256:'.length);
