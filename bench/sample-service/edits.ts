import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSampleService } from './start.ts';

const file = 'config.yaml';
/** Between two edits, a different time each time. */
const pauseMs = (edit: number): number => 20 + ((edit * 37) % 80);
const giveUpMs = 5_000;

/** Writes a version of the file into this folder. */
type Write = (folder: string, text: string, edit: number) => void;

function replace(folder: string, text: string): void {
  writeFileSync(join(folder, 'aside'), text);
  renameSync(join(folder, 'aside'), join(folder, file));
}

/** As the kubelet does: a new folder, and the link `..data` swapped for one that leads there. */
function swap(folder: string, text: string, edit: number): void {
  mkdirSync(join(folder, `..${edit}`));
  writeFileSync(join(folder, `..${edit}`, file), text);
  symlinkSync(`..${edit}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (edit === 0) symlinkSync(join('..data', file), join(folder, file));
  else rmSync(join(folder, `..${edit - 1}`), { recursive: true });
}

/** The ways in which a file changes. */
export const ways: readonly { title: string; write: Write }[] = [
  { title: 'written in place', write: (folder, text) => writeFileSync(join(folder, file), text) },
  { title: 'replaced by a new one', write: replace },
  { title: 'mounted ConfigMap', write: swap },
];

/** Whether the list is there that the flag in the file shows and hides. @throws when the answer says neither. */
async function isShown(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/api/profiles`);
  const text = await response.text();
  if (response.status !== 200 && response.status !== 404) throw new Error(text);
  return response.status === 200;
}

/** From before each edit until a request is answered in the new way (ms). */
export async function editToForce(databaseUrl: string, write: Write, edits: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
  const text = (shown: boolean): string => `server: {workers: 1}\nfeature_flags: {enable_profiles: ${shown}}\n`;
  write(folder, text(false), 0);
  const server = await startSampleService({ name: 'edits', databaseUrl, config: join(folder, file) });
  const tookMs: number[] = [];
  try {
    for (let edit = 1; edit <= edits; edit++) {
      await sleep(pauseMs(edit));
      const shown = edit % 2 === 1;
      const begunMs = performance.now();
      write(folder, text(shown), edit);
      while ((await isShown(server.port)) !== shown) {
        if (performance.now() - begunMs > giveUpMs) throw new Error('an edit was not followed');
      }
      tookMs.push(performance.now() - begunMs);
    }
    return tookMs;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}
