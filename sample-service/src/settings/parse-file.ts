/** Text → values, by the ending of the file's name, with the lines on which they stand. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';

/** What a file says, or why it cannot be read. Faults begin with the line. No fault repeats a value: it may be a secret. */
export type ParsedFile =
  | {
      values: unknown;
      /** Counted from 1; null: not known. */ lineOf: (section: string, key?: string) => number | null;
    }
  | { faults: string[] };

const parsers: Record<string, (text: string) => ParsedFile> = { yaml, yml: yaml, json, toml };

/** The endings that say in which language a file is written. */
export const endingsKnown: readonly string[] = Object.keys(parsers);

export const endingOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1).toLowerCase();

export function parseFile(name: string, text: string): ParsedFile {
  const parser = parsers[endingOf(name)];
  if (parser === undefined) return { faults: [' the name of the file must end in .yaml, .yml, .json or .toml'] };
  const parsed = parser(text);
  // Defaults for everything are rarely what was meant: it is a file that somebody is about to write.
  const empty = 'values' in parsed && (parsed.values === null || parsed.values === undefined);
  return empty ? { faults: [' it is empty; {} asks for the defaults'] } : parsed;
}

function yaml(text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return { faults: document.errors.map(({ message, pos }) => `${lines.linePos(pos[0]).line}: ${message}`) };
  }
  const lineOf = (section: string, key?: string): number | null => {
    const offset = offsetOf(document, section, key);
    return offset === null ? null : lines.linePos(offset).line;
  };
  try {
    return { values: document.toJS(), lineOf };
  } catch {
    return { faults: [' its aliases lead in circles, or to too much'] };
  }
}

function offsetOf(document: Document, section: string, key?: string): number | null {
  const pairs = key === undefined ? document.contents : document.get(section, true);
  if (!isMap(pairs)) return null;
  const found = pairs.items.find((pair) => isScalar(pair.key) && pair.key.value === (key ?? section));
  return isScalar(found?.key) ? (found.key.range?.[0] ?? null) : null;
}

/** JSON is YAML, so that its lines are found in the same way; but YAML is not JSON. */
function json(text: string): ParsedFile {
  const parsed = yaml(text);
  if ('faults' in parsed) return parsed;
  try {
    JSON.parse(text);
    return parsed;
  } catch (error) {
    const line = /\(line (\d+) /.exec(String(error))?.[1];
    return { faults: [`${line === undefined ? '' : `${line}:`} it is YAML, but not JSON`] };
  }
}

function toml(text: string): ParsedFile {
  try {
    return { values: parseToml(text), lineOf: (section, key) => lineInToml(text.split('\n'), section, key) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message shows the lines themselves.
    return { faults: [`${error.line}: ${error.message.split('\n', 1)[0]}`] };
  }
}

function lineInToml(lines: string[], section: string, key?: string): number | null {
  const start = lines.findIndex((line) =>
    line
      .trim()
      .replaceAll(/[\s"']/g, '')
      .startsWith(`[${section}]`),
  );
  if (start === -1 || key === undefined) return start === -1 ? null : start + 1;
  const offset = lines.slice(start + 1).findIndex((line) => line.split('=', 1)[0]!.trim() === key);
  return offset === -1 ? start + 1 : start + offset + 2;
}
