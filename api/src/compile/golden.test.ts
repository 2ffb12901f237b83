/**
 * Golden pairs in `testdata/`: `name.in.yaml` → `name.out.yaml` (what the compiler makes of it for the pod in its first
 * line), or → `name.faults.txt` (everything that is wrong with it). `UPDATE_GOLDEN=1` writes them anew.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { formatFault, readDocuments } from '../documents.ts';
import { clusterWide } from './cluster-profile.ts';
import { compile } from './compile.ts';
import { profileFor } from './profile.ts';
import type { Who } from './who.ts';

const folder = join(import.meta.dirname, 'testdata');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => file.slice(0, -'.in.yaml'.length));
// oxlint-disable-next-line no-restricted-properties -- a switch for whoever runs the tests
const updating = process.env['UPDATE_GOLDEN'] === '1';

/** Where the operator is: the name after `# operator:` in any line. */
const operatorOf = (text: string): string | null => /^# operator: (.*)$/m.exec(text)?.[1] ?? null;

/** The pod that a golden is for: the JSON after `# who:` in its first line; without it, nobody knows. */
function whoOf(text: string): Who {
  const written = /^# who: (.*)\n/.exec(text)?.[1] ?? '{}';
  return { namespace: null, workloads: [], labels: null, ...(JSON.parse(written) as Partial<Who>) };
}

function outcomeOf(name: string): { file: string; text: string } {
  const text = readFileSync(join(folder, `${name}.in.yaml`), 'utf8');
  const { documents, faults, warnings } = readDocuments([{ name: `${name}.in.yaml`, text }]);
  if (faults.length > 0) return { file: `${name}.faults.txt`, text: `${faults.map(formatFault).join('\n')}\n` };
  const marked = documents.map((document) => clusterWide(document, operatorOf(text)));
  const compiled = compile(marked, whoOf(text));
  const profile = profileFor(marked, whoOf(text));
  const outcome = {
    warnings: [...warnings, ...compiled.warnings],
    conflicts: compiled.conflicts.map(({ message }) => message),
    ...(Object.keys(profile).length > 0 && { profile }),
    snapshot: compiled.snapshot,
  };
  return { file: `${name}.out.yaml`, text: stringify(outcome, { aliasDuplicateObjects: false, lineWidth: 120 }) };
}

test.each(names)('%s', (name) => {
  const { file, text } = outcomeOf(name);
  const path = join(folder, file);
  if (updating) writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `no ${file} yet: run with UPDATE_GOLDEN=1`);
});

test('the folder holds nothing that belongs to no golden', () => {
  const expected = names.flatMap((name) => [`${name}.in.yaml`, outcomeOf(name).file]);
  expect(readdirSync(folder).toSorted()).toEqual(expected.toSorted());
});
