/** The places that settings come from, each as a tree of values that remembers where they stand. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { endingOf, endingsKnown, parseFile } from './parse-file.ts';
import { keysOf, schemaOf, sectionNames } from './setting-keys.ts';

/** Values of one source, with the place to name when one of them is wrong. */
export interface Layer {
  values: unknown;
  placeOf: (section: string, key?: string) => string;
}

/** What stands in a file or a folder. What is wrong with it is added to `faults`. Never rejects. */
export async function layersAt(path: string, faults: string[]): Promise<Layer[]> {
  try {
    return (await stat(path)).isDirectory() ? await folderLayers(path, faults) : await fileLayers(path, faults);
  } catch (error) {
    faults.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

async function fileLayers(path: string, faults: string[]): Promise<Layer[]> {
  const parsed = parseFile(basename(path), await readFile(path, 'utf8'));
  if ('faults' in parsed) {
    faults.push(...parsed.faults.map((fault) => `${path}:${fault}`));
    return [];
  }
  const placeOf: Layer['placeOf'] = (section, key) => {
    const line = parsed.lineOf(section, key);
    return line === null ? path : `${path}:${line}`;
  };
  return [{ values: parsed.values, placeOf }];
}

/**
 * A mounted ConfigMap: `config.yaml` (or .json, .toml) is a whole file, `cache.ttl_seconds` a single setting. Other
 * names with such an ending are somebody else's, and those that begin with a dot are the mount's own.
 */
async function folderLayers(folder: string, faults: string[]): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const path = join(folder, name);
    if (name.startsWith('.')) continue;
    if (!endingsKnown.includes(endingOf(name))) layers.push(singleKey(name, await readFile(path, 'utf8'), path));
    else if (name.startsWith('config.')) layers.unshift(...(await fileLayers(path, faults)));
  }
  return layers;
}

/** A number or a boolean is written as in YAML; where text belongs, it stands for itself. */
function singleKey(name: string, text: string, place: string): Layer {
  const dot = name.indexOf('.');
  const section = dot === -1 ? name : name.slice(0, dot);
  const key = dot === -1 ? null : name.slice(dot + 1);
  const isText = key !== null && schemaOf(section, key)?.type === 'string';
  const value = isText ? text.trim() : scalar(text);
  return { values: { [section]: key === null ? value : { [key]: value } }, placeOf: () => place };
}

function scalar(text: string): unknown {
  try {
    return parseYaml(text, { prettyErrors: false });
  } catch {
    return text;
  }
}

/** The variables that the schema names. An empty one counts as absent. */
export function environmentLayers(env: Readonly<Record<string, string | undefined>>): Layer[] {
  return sectionNames.flatMap((section) =>
    keysOf(section).flatMap((key) => {
      const name = schemaOf(section, key)?.env;
      const text = name === undefined ? undefined : env[name];
      return name === undefined || !text ? [] : [singleKey(`${section}.${key}`, text, name)];
    }),
  );
}

/** Single settings by dotted path. */
export const overrideLayers = (overrides: Readonly<Record<string, string | number | boolean>>): Layer[] =>
  Object.entries(overrides).map(([name, value]) => singleKey(name, String(value), 'command line'));

/** Values with names. */
export const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
