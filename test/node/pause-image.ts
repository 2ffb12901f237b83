import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyProgram } from '../../scripts/images/native-files.ts';
import { findBuilder } from '../../scripts/images/builder.ts';

/** What holds the namespaces of a pod. It has only to wait. */
export const PAUSE_IMAGE = 'localhost/fusebox/pause:1';

/** Builds it in `folder`, as a file to import. */
export function pauseArchive(folder: string): string {
  const context = join(folder, 'pause');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  const sleep = execFileSync('which', ['sleep'], { encoding: 'utf8' }).trim();
  copyProgram(sleep, '/sleep', join(context, 'native'));
  const dockerfile = join(context, 'Dockerfile');
  writeFileSync(dockerfile, 'FROM scratch\nCOPY native/ /\nENTRYPOINT ["/sleep", "infinity"]\n');
  const builder = findBuilder(join(folder, '.buildah'));
  builder.build({ tag: PAUSE_IMAGE, dockerfile, context });
  const archive = join(context, 'pause.tar');
  builder.save(PAUSE_IMAGE, archive);
  return archive;
}
