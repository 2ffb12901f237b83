// changes/<section>/<slug>.md: one sentence for the user. The release folds them into CHANGELOG.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const sections = ['added', 'changed', 'fixed', 'removed', 'security'];
const folder = resolve(import.meta.dirname, '..', 'changes');
const faults: string[] = [];

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === 'README.md') continue;
  const file = join(entry.parentPath, entry.name).slice(folder.length + 1);
  const text = readFileSync(join(folder, file), 'utf8').trim();
  if (!new RegExp(`^(${sections.join('|')})/[a-z0-9-]+\\.md$`).test(file)) {
    faults.push(`${file}: must stand as <section>/<slug>.md, section one of ${sections.join(', ')}`);
  } else if (!/^\S.*[.!]$/s.test(text) || text.includes('\n\n')) {
    faults.push(`${file}: must hold one paragraph that ends in a full stop`);
  }
}
for (const fault of faults) console.error(`changes/${fault}`);
if (faults.length > 0) process.exitCode = 1;
