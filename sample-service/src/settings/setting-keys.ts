/** The settings one by one, read from their schema. */
import { Settings } from './settings.ts';

/** One setting's schema, with our marks. */
export interface SettingSchema {
  type?: string;
  default?: string | number | boolean;
  description?: string;
  const?: string;
  anyOf?: SettingSchema[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  /** The variable that wins over the file. */
  env?: string;
  /** False: read once, at the start. */
  live?: boolean;
  /** It may hold a user and a password. */
  isUrl?: boolean;
}

interface SectionSchema {
  properties?: Record<string, SettingSchema>;
  /** Of a section that takes any key. */
  patternProperties?: Record<string, SettingSchema>;
}

const sections = Settings.properties as unknown as Record<string, SectionSchema>;

export const sectionNames: readonly string[] = Object.keys(sections);

/** The keys of a section. Empty for one that takes any key, and for one that there is not. */
export const keysOf = (section: string): string[] => Object.keys(sections[section]?.properties ?? {});

/** What a setting must be; null: there is no such setting. */
export function schemaOf(section: string, key: string): SettingSchema | null {
  if (!Object.hasOwn(sections, section)) return null;
  const { properties = {}, patternProperties = {} } = sections[section]!;
  if (Object.hasOwn(properties, key)) return properties[key]!;
  return Object.values(patternProperties)[0] ?? null;
}

/** What it must be, in words. */
export function expected(schema: SettingSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(expected).join(' or ');
  if (schema.const !== undefined) return schema.const;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return schema.pattern === undefined ? 'text' : `text like ${schema.pattern}`;
  return `${schema.type === 'integer' ? 'a whole number' : 'a number'} from ${schema.minimum} to ${schema.maximum}`;
}
