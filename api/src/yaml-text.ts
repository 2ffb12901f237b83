import {
  type Document as YamlDocument,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from 'yaml';

import type { Path } from './schema.ts';
import type { Origin } from './validate.ts';

// Room for a ConfigMap of the largest size (1 MiB) whose bytes are written in base64.
const MAX_LENGTH = 2 * 1024 * 1024;
// Aliases multiply what a document costs. Merge keys (<<) multiply it without any count: they stay plain keys.
const MAX_ALIASES = 100;
const MAX_SYNTAX_FAULTS = 20;
const TOO_DEEP = 'is nested too deeply';

/** What cannot be read as YAML. */
export interface SyntaxFault {
  line: number;
  column: number;
  message: string;
}

/** One document of a YAML text. */
export interface YamlPart {
  /** Line of its beginning, from 1. */
  line: number;
  value: unknown;
  faults: SyntaxFault[];
  warnings: string[];
  origin: YamlOrigin;
}

/** Where the values of a document stood in their text. */
export interface YamlOrigin extends Origin {
  /** Line (from 1) of the value at this path, or of the nearest thing around it. */
  lineOf(path: Path): number;
  /** Line before the first of a nested text; null: its lines cannot be told apart. */
  linesBefore(path: Path): number | null;
}

/** Reads a text of YAML documents (or JSON, which is YAML). Empty documents are left out. Never throws. */
export function readYaml(text: string): YamlPart[] {
  if (text.length > MAX_LENGTH) return [broken('is larger than 2 MiB')];
  const lines = new LineCounter();
  try {
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      logLevel: 'silent',
    } as const;
    const parsed = parseAllDocuments(text, options);
    return parsed.map((document) => readPart(document, lines)).filter((part) => part !== null);
  } catch {
    // The parser recurses: what is nested some thousand levels deep ends its stack.
    return [broken(TOO_DEEP)];
  }
}

function broken(message: string): YamlPart {
  const origin: YamlOrigin = { isBare: () => false, lineOf: () => 1, linesBefore: () => null };
  return { line: 1, value: null, faults: [{ line: 1, column: 1, message }], warnings: [], origin };
}

function readPart(document: YamlDocument, lines: LineCounter): YamlPart | null {
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const start = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
  const part: YamlPart = {
    line: lineAt(start),
    value: null,
    faults: faultsOf(document).map(({ offset, message }) => {
      const { line, col } = lines.linePos(offset);
      return { line, column: col, message };
    }),
    warnings: document.warnings.map(({ pos, message }) => `line ${lineAt(pos[0])}: ${withoutSource(message)}`),
    origin: {
      isBare: (path, what) => isPlain(document, path, what),
      lineOf: (path) => lineAt(nodeAt(document, path)?.range?.[0] ?? start),
      linesBefore: (path) => {
        const node = nodeAt(document, path);
        return isScalar(node) && node.type === 'BLOCK_LITERAL' && node.range ? lineAt(node.range[0]) : null;
      },
    },
  };
  if (part.faults.length > 0) return part;
  try {
    part.value = document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    part.faults.push({ line: part.line, column: 1, message: `cannot be read: ${withoutSource(message)}` });
    return part;
  }
  return part.value === null || part.value === undefined ? null : part;
}

function faultsOf(document: YamlDocument): { offset: number; message: string }[] {
  const faults = document.errors.map(({ pos, code, message }) => {
    return { offset: pos[0], message: inOurWords(code, message) };
  });
  let aliases = 0;
  visit(document, {
    // The parser's own search for keys that stand twice compares each with each: seconds for ten thousand keys.
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) faults.push({ offset: key.range?.[0] ?? 0, message: 'this key stands here twice' });
        seen.add(key.value);
      }
    },
    Alias: (_key, alias) => {
      aliases += 1;
      if (aliases !== MAX_ALIASES + 1) return undefined;
      faults.push({ offset: alias.range?.[0] ?? 0, message: `is one alias too many: ${MAX_ALIASES} are the maximum` });
      return visit.BREAK;
    },
  });
  // What is broken in a hundred places is no YAML: more lines would not say it better.
  return faults.slice(0, MAX_SYNTAX_FAULTS);
}

function inOurWords(code: string, message: string): string {
  if (code === 'NON_STRING_KEY') return 'a key must be a text';
  return message.startsWith('Maximum call stack') ? TOO_DEEP : `is not YAML: ${withoutSource(message)}`;
}

/** After a colon the parser shows what stood there: that may be a value that nobody is to see. */
const withoutSource = (message: string): string => message.split(': ', 1)[0]!;

function pairAt(document: YamlDocument, path: Path): Pair | null {
  const parent = walk(document, path.slice(0, -1)).node;
  const key = path.at(-1);
  if (!isMap(parent)) return null;
  return parent.items.find((pair) => isScalar(pair.key) && pair.key.value === key) ?? null;
}

function isPlain(document: YamlDocument, path: Path, what: 'key' | 'value'): boolean {
  const node = what === 'key' ? pairAt(document, path)?.key : walk(document, path).node;
  return isScalar(node) && node.type === 'PLAIN';
}

/** The node at a path or, where that is no node of its own, its key or the nearest node around it. */
function nodeAt(document: YamlDocument, path: Path): Node | null {
  const { node, depth } = walk(document, path);
  if (depth < path.length) return node;
  // A block stands on the lines after its key; people look for the key.
  if (!isCollection(node)) return node;
  const key = pairAt(document, path)?.key;
  return isScalar(key) ? key : node;
}

function walk(document: YamlDocument, path: Path): { node: Node | null; depth: number } {
  let node: Node | null = document.contents;
  for (const [depth, step] of path.entries()) {
    let next: unknown = null;
    if (isMap(node)) next = node.items.find((pair) => isScalar(pair.key) && pair.key.value === step)?.value;
    else if (isSeq(node) && typeof step === 'number') next = node.items[step];
    if (isAlias(next)) next = next.resolve(document);
    if (!isScalar(next) && !isCollection(next)) return { node, depth };
    node = next;
  }
  return { node, depth: path.length };
}
