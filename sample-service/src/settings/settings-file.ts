/**
 * From a file, or a folder with a file for each setting, to settings that are whole and right. Later sources win:
 * the schema's defaults < the file < single keys of a folder < environment < command line.
 */
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { nearest } from './nearest.ts';
import { expected, keysOf, schemaOf, sectionNames } from './setting-keys.ts';
import { environmentLayers, isTree, layersAt, overrideLayers, type Layer } from './setting-layers.ts';
import { Settings } from './settings.ts';

/** What wins over the file: values by dotted path, such as `{'server.port': 0}`. */
export type Overrides = Readonly<Record<string, string | number | boolean>>;

/** Where settings come from. */
export interface SettingsSources {
  /** A file, or a folder as a ConfigMap is mounted; null: there is none. */
  path: string | null;
  /** Of the process. An empty variable counts as absent. */
  env: Readonly<Record<string, string | undefined>>;
  overrides: Overrides;
}

/** Settings, or all their faults: `users.yaml:12: cache.ttl_seconds must be a number from 0 to 86400`. */
export type SettingsReading = { settings: Settings } | { faults: string[] };

/** Reads all sources. Never rejects. */
export async function readSettings({ path, env, overrides }: SettingsSources): Promise<SettingsReading> {
  const faults: string[] = [];
  const layers = path === null ? [] : await layersAt(path, faults);
  if (faults.length > 0) return { faults };
  return settle([...layers, ...environmentLayers(env), ...overrideLayers(overrides)]);
}

/** One tree of all layers, checked, with its defaults. */
function settle(layers: readonly Layer[]): SettingsReading {
  const tree: Record<string, unknown> = Object.fromEntries(sectionNames.map((name) => [name, {}]));
  for (const { values, placeOf } of layers) {
    if (!isTree(values)) return { faults: [`${placeOf('')}: it must hold sections of settings`] };
    for (const [section, value] of Object.entries(values)) {
      if (value === null) continue; // a section with nothing but comments
      tree[section] = isTree(tree[section]) && isTree(value) ? { ...tree[section], ...value } : value;
    }
  }
  const faults = faultsOf(tree, layers);
  return faults.length > 0 ? { faults } : { settings: Value.Default(Settings, tree) as Settings };
}

function faultsOf(tree: Record<string, unknown>, layers: readonly Layer[]): string[] {
  const told = (section: string, key: string | undefined, fault: string): string => {
    const place = layers.findLast(({ values }) => has(values, section, key))?.placeOf(section, key) ?? 'settings';
    return `${place}: ${fault}`;
  };
  return Object.entries(tree).flatMap(([section, values]) => {
    if (!sectionNames.includes(section)) {
      return told(section, undefined, `there is no section ${section}${suggestion(nearest(section, sectionNames))}`);
    }
    if (!isTree(values)) return told(section, undefined, `${section} must be a section of settings`);
    return Object.entries(values).flatMap(([key, value]) => {
      const fault = faultOf(section, key, value);
      return fault === null ? [] : told(section, key, fault);
    });
  });
}

function faultOf(section: string, key: string, value: unknown): string | null {
  const schema = schemaOf(section, key);
  if (schema !== null) {
    return Value.Check(schema as TSchema, value) ? null : `${section}.${key} must be ${expected(schema)}`;
  }
  const meant = nearest(key, keysOf(section));
  return `there is no setting ${section}.${key}${suggestion(meant === null ? null : `${section}.${meant}`)}`;
}

const suggestion = (meant: string | null): string => (meant === null ? '' : `; is ${meant} meant?`);

const has = (values: unknown, section: string, key: string | undefined): boolean => {
  if (!isTree(values) || !Object.hasOwn(values, section)) return false;
  const inner = values[section];
  return key === undefined || (isTree(inner) && Object.hasOwn(inner, key));
};
