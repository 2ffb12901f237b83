/** Puts a program of this machine into an image's file system, with the shared libraries that it loads. Nothing else gets in: no shell. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies `program` to `place` below `root`, and its libraries to where its loader looks for them. */
export function copyProgram(program: string, place: string, root: string): void {
  copy(program, join(root, place));
  for (const library of librariesOf(program)) copy(library, join(root, library));
}

/** Paths of the libraries, the loader among them; none for a static program. */
function librariesOf(program: string): string[] {
  let listed: string;
  try {
    listed = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return []; // not a dynamic executable
  }
  if (/not found/.test(listed)) throw new Error(`${program} lacks a library here:\n${listed}`);
  return [...listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path!);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}
