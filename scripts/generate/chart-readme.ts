/** The README of a chart: every value, as values.yaml explains it. `helm show readme` prints it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, isMap, isPair, isScalar, type Node, parse, parseDocument, type Pair, type YAMLMap } from 'yaml';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';

const root = resolve(import.meta.dirname, '../..');

interface Value {
  /** From the top, with dots. */
  path: string;
  builtIn: unknown;
  help: string;
}

/** Every value of a values.yaml. @throws Error where no comment explains one */
function valuesOf(text: string): Value[] {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined) throw document.errors[0];
  return isMap(document.contents) ? valuesIn(document.contents, '', document) : [];
}

function valuesIn(map: YAMLMap, path: string, document: Document): Value[] {
  return map.items.flatMap((pair, index) => {
    if (!isPair(pair) || !isScalar(pair.key)) return [];
    const here = `${path}${String(pair.key.value)}`;
    // A comment above the first key belongs to the map itself.
    const help = pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    if (isGroup(pair)) return valuesIn(pair.value as YAMLMap, `${here}.`, document);
    if (typeof help !== 'string') throw new Error(`values.yaml: no comment explains ${here}`);
    const builtIn: unknown = (pair.value as Node).toJS(document);
    return [{ path: here, builtIn, help: help.trim().replaceAll(/\n\s*/g, ' ') }];
  });
}

/** A map is a group where any of what it holds is explained by itself. */
function isGroup({ value: held }: Pair): boolean {
  if (!isMap(held)) return false;
  return held.items.some((pair, index) => {
    const own = isScalar(pair.key) && (pair.key.commentBefore ?? (index === 0 ? held.commentBefore : null));
    return typeof own === 'string' || isGroup(pair);
  });
}

function readme(chart: string): Generator {
  const read = (name: string): string => readFileSync(resolve(root, 'charts', chart, name), 'utf8');
  const render = (): string => {
    const { description } = parse(read('Chart.yaml')) as { description: string };
    const rows = valuesOf(read('values.yaml')).map(({ path, builtIn, help }) => [
      code(path),
      code(JSON.stringify(builtIn)),
      help,
    ]);
    return `${generatedNote(`charts/${chart}/values.yaml`)}
# ${chart}

${description}

How it is installed, upgraded and removed: [charts/README.md](../README.md).

${table(['value', 'default', ''], rows)}
`;
  };
  return { file: `charts/${chart}/README.md`, render };
}

/** Of the charts that have values. */
export const chartReadmes: readonly Generator[] = [readme('fusebox'), readme('sample-service')];
