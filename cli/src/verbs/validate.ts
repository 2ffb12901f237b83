import { type FileText, formatFault, readDocuments } from '@fusebox/api/documents.ts';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { EXIT, type Outcome } from '../exit-codes.ts';

/** Checks files without a cluster: everything that is wrong in all of them, at once. */
export function validate(files: readonly FileText[]): Outcome {
  const { documents, faults, warnings } = readDocuments(files);
  const warned = warnings.map((warning) => `warning: ${warning}`);
  if (faults.length > 0) return { exit: EXIT.notOk, text: '', complaints: [...faults.map(formatFault), ...warned] };
  if (documents.length === 0) {
    return { exit: EXIT.notOk, text: '', complaints: [...warned, 'there are no documents'] };
  }
  const complaints = [...warned, ...files.flatMap(nullBlocks).map((warning) => `warning: ${warning}`)];
  return { exit: EXIT.ok, text: `${count(documents.length, 'document')} valid\n`, complaints };
}

/** A block without content names the block, in a file. `kubectl apply` never sends it. */
function nullBlocks({ name, text }: FileText): string[] {
  return readYaml(text).flatMap((part) => {
    const { kind, spec } = Object(part.value) as { kind?: unknown; spec?: unknown };
    if (kind === 'ConfigMap') return [];
    return nullsIn(spec, ['spec']).map((path) => {
      return `${name}:${part.origin.lineOf(path)}: ${path.join('.')} is empty: kubectl apply drops it; write {} to name the block`;
    });
  });
}

function nullsIn(value: unknown, path: readonly (string | number)[]): (readonly (string | number)[])[] {
  if (value === null) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, field]) =>
    nullsIn(field, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;
