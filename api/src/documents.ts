/** Files of YAML or JSON → the documents that the compiler takes, and everything that is wrong with the others. */
import { FLAGS_KEY, POLICY_KEY } from './config-map.ts';
import { type Document, readObject } from './document.ts';
import { CONFIG_LABEL } from './names.ts';
import type { Path } from './schema.ts';
import { readYaml, type YamlOrigin, type YamlPart } from './yaml-text.ts';

/** One thing that is wrong with a document, said so that a person can mend it. */
export interface Fault {
  /** File, line and document: `users.yaml:12 ResiliencePolicy shop/users`. */
  where: string;
  /** Field: `spec.inbound.routes[2].timeout`. Empty: the document as a whole. */
  path: string;
  message: string;
}

/** A fault in one line: `where: path: message`. */
export function formatFault(fault: Fault): string {
  return [fault.where, fault.path, fault.message].filter((part) => part !== '').join(': ');
}

/** A file's text; its name is only for messages, and to know a mounted `policy.yaml` or `flags.yaml`. */
export interface FileText {
  name: string;
  text: string;
}

/** Nobody mends more than this at once; each line number costs a search. */
const MAX_FAULTS = 200;

/** What stood in some files. A document with a fault is not among `documents`; it takes no other with it. */
export interface Documents {
  documents: Document[];
  faults: Fault[];
  /** What was left out on purpose, and odd things that change nothing. */
  warnings: string[];
}

/**
 * Reads all documents of these files, and lists everything that is wrong with them at once. A file called `policy.yaml`
 * or `flags.yaml` without `kind` is read as that key of a ConfigMap for the whole namespace: so it looks when a ConfigMap
 * is mounted as a volume. Never throws.
 */
export function readDocuments(files: readonly FileText[]): Documents {
  const result: Documents = { documents: [], faults: [], warnings: [] };
  const seen = new Map<string, string>();
  for (const file of files) {
    const mounted = readMountedKey(file);
    const parts = mounted === null ? readYaml(file.text) : [mounted];
    for (const [index, part] of parts.entries())
      readPart({ file, index, part, mounted: mounted !== null }, result, seen);
  }
  return result;
}

interface Place {
  file: FileText;
  index: number;
  part: YamlPart;
  mounted: boolean;
}

function readPart(place: Place, result: Documents, seen: Map<string, string>): void {
  const { file, part, mounted } = place;
  const title = mounted ? '' : ` ${titleOf(part.value, place.index)}`;
  const at = (line: number): string => `${file.name}:${line}${title}`;
  for (const warning of part.warnings) result.warnings.push(`${file.name}: ${warning}`);
  if (part.faults.length > 0) {
    for (const { line, column, message } of part.faults) {
      result.faults.push({ where: `${file.name}:${line}:${column}`, path: '', message });
    }
    return;
  }
  const reading = readObject(part.value, part.origin);
  if ('ignored' in reading) result.warnings.push(`${at(part.line)}: ignored: ${reading.ignored}`);
  else if ('problems' in reading) {
    const placed = reading.problems.slice(0, MAX_FAULTS).map((problem) => {
      const { path, message, line } = problem;
      return { path: mounted ? path.slice(2) : path, message, line: line ?? part.origin.lineOf(path) };
    });
    for (const { path, message, line } of placed.toSorted((a, b) => a.line - b.line)) {
      result.faults.push({ where: at(line), path: formatPath(path), message });
    }
    const more = reading.problems.length - MAX_FAULTS;
    if (more > 0) result.faults.push({ where: at(part.line), path: '', message: `${more} more faults are not shown` });
  } else {
    const { kind, namespace, name } = reading.document;
    const key = JSON.stringify([kind, namespace, name]);
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, at(part.line));
      result.documents.push(reading.document);
    } else result.faults.push({ where: at(part.line), path: '', message: `is the same object as ${earlier}` });
  }
}

/** How messages call a document: kind, namespace and name, or its position where it has none. */
function titleOf(value: unknown, index: number): string {
  const { kind, metadata } = Object(value) as Record<string, unknown>;
  const { namespace, name } = Object(metadata) as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof name !== 'string') return `document ${index + 1}`;
  return `${kind} ${typeof namespace === 'string' ? `${namespace}/` : ''}${name}`;
}

/** A file that is one key of a mounted ConfigMap, as the ConfigMap that it came from. */
function readMountedKey(file: FileText): YamlPart | null {
  const key = file.name.split('/').at(-1);
  if (key !== POLICY_KEY && key !== FLAGS_KEY) return null;
  const [first] = readYaml(file.text);
  if (first === undefined || first.faults.length > 0) return null;
  const { kind, apiVersion } = Object(first.value) as Record<string, unknown>;
  if (kind !== undefined || apiVersion !== undefined) return null;
  const origin: YamlOrigin = { isBare: () => false, lineOf: () => 1, linesBefore: () => 0 };
  const metadata = { name: key, labels: { [CONFIG_LABEL]: 'true' } };
  return {
    line: first.line,
    value: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: file.text } },
    faults: [],
    warnings: first.warnings,
    origin,
  };
}

/** A path as people write it: `routes[2].timeout`, `data["policy.yaml"].inbound`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
