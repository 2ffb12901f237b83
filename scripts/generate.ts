import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { generators } from './generate/generators.ts';

const root = resolve(import.meta.dirname, '..');
for (const { file, render } of generators) {
  mkdirSync(dirname(resolve(root, file)), { recursive: true });
  writeFileSync(resolve(root, file), render());
}
console.log(`generate: ${generators.length} files written`);
