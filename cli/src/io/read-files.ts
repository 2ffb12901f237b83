import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileText } from '@fusebox/api/documents.ts';

const DOCUMENT = /\.(ya?ml|json)$/;

/**
 * The texts of files, of the `*.yaml`, `*.yml` and `*.json` right in folders, and of the standard input (`-`); and why others
 * cannot be read.
 */
export function readFiles(paths: readonly string[]): { files: FileText[]; faults: string[] } {
  const files: FileText[] = [];
  const faults: string[] = [];
  for (const path of paths) {
    try {
      for (const name of expanded(path)) {
        files.push({ name: name === '-' ? 'stdin' : name, text: readFileSync(name === '-' ? 0 : name, 'utf8') });
      }
    } catch (error) {
      faults.push(`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { files, faults };
}

function expanded(path: string): string[] {
  if (path === '-' || !statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => DOCUMENT.test(name));
  return names.toSorted().map((name) => join(path, name));
}
