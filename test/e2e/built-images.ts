import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const BUILD = 'scripts/images/main.ts';
const FOLDER = 'dist/images';

/** Bundles the programs of the present tree and builds all images. Paths of their archives. */
export function builtImages(): string[] {
  run('scripts/bundle.ts');
  run(BUILD, '--save', FOLDER);
  return globSync(`${FOLDER}/*.tar`).toSorted();
}

/** For tests of upgrades: the same programs, once they are bundled, by the tag `next`. */
export function nextImages(): string[] {
  run(BUILD, '--tag', 'next', '--save', `${FOLDER}/next`, 'sidecar', 'operator');
  return globSync(`${FOLDER}/next/*.tar`).toSorted();
}

function run(...script: string[]): void {
  const { status } = spawnSync(process.execPath, script, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${script.join(' ')} failed`);
}
