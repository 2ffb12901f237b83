// Renders every generated file afresh, beside the tree and never into it, and shows where the tree says something else.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { generators } from './generate/generators.ts';

const root = resolve(import.meta.dirname, '..');
const fresh = mkdtempSync(join(tmpdir(), 'fusebox-verify-'));
const stale: string[] = [];

for (const { file, render } of generators) {
  const text = render();
  const inTree = resolve(root, file);
  if (existsSync(inTree) && readFileSync(inTree, 'utf8') === text) continue;
  stale.push(file);
  mkdirSync(join(fresh, dirname(file)), { recursive: true });
  writeFileSync(join(fresh, file), text);
  const before = existsSync(inTree) ? inTree : '/dev/null';
  spawnSync('git', ['--no-pager', 'diff', '--no-index', before, join(fresh, file)], { stdio: 'inherit' });
}
rmSync(fresh, { recursive: true });

if (stale.length > 0) {
  console.error(`verify: out of date: ${stale.join(', ')}. Run \`make generate\` and commit what it writes.`);
  process.exitCode = 1;
} else {
  console.log(`verify: ${generators.length} generated files are up to date`);
}
