/**
 * The words in which the shapes of documents are written: TypeBox schemas, plus what JSON Schema cannot say (a form with
 * its message, a rule across fields, fields of later versions). `validate.ts` reads both from the same object.
 */
import Type, { type TObject, type TOptional, type TProperties, type TSchema } from 'typebox';

import { DURATION_RE2, formatDuration, parseDuration } from './duration.ts';

/** Where something stands inside a document: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/**
 * A demand in CEL, for the API server: `rule` is true of `self` where it holds. Its regular expressions are RE2, which knows
 * no lookahead. What costs more than the API server allows is left to the webhook and to the operator.
 */
export interface CelRule {
  rule: string;
  /** What is told where it does not hold. */
  message: string;
  /** The field below `self` that the message is about, as `.group`. */
  at?: string;
}

/** Says what is wrong with a text, to follow the quoted text itself (`is not a duration …`); null: nothing. */
export interface Form {
  (text: string): string | null;
  /** RE2 of all that it lets pass, and perhaps of more; people read it in the refusals of the API server. */
  pattern?: string;
  cel?: readonly CelRule[];
}

/** One broken rule across fields; `path` is relative to the object that the rule belongs to. */
export interface Breach {
  path: Path;
  message: string;
}

/** What must hold across some fields of an object. It is asked only where each of them is right by itself. */
export interface Rule {
  across: readonly string[];
  check(value: never): Breach[];
  cel: readonly CelRule[];
}

/** What `validate` reads of a schema. Everything below builds one of these. */
export interface Shape {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  /** An empty value is as good as none. */
  nullable?: true;
  enum?: string[];
  form?: Form;
  /** In UTF-16 units. */
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
  /** Of a map: the shape of each value. false: only `properties` are known. */
  additionalProperties?: Shape | false;
  keyForm?: Form;
  /** Field → why it is refused here. */
  refused?: Record<string, string>;
  rule?: Rule;
  /** Rules beside `rule`, each asked by itself. */
  moreRules?: readonly Rule[];
  /** Of an object: `true` or `false` may stand in its place. */
  orBoolean?: true;
  /** Of a text: what stands there is nobody's business, so no message shows it. */
  secret?: true;
  /** Any value at all; its words and keys must be the same to every reader of YAML, and it is nested this deep at most. */
  freeDepth?: number;
  /** Of a list of objects: no two of them may have the same text in this field. */
  unique?: { field: string; anyCase?: true };
}

interface Words {
  description: string;
  /** What holds when nobody says anything: as people would write it. Told to readers, applied by the compiler. */
  builtIn?: string | number;
}

const DAY_MS = 86_400_000;
// Shown to people where a text does not match, so it is rough and short.
const DURATION_PATTERN = String.raw`^(0|(\d+(\.\d+)?(h|m|s|ms))+)$`;

/** A duration as text. Range in ms, by default 1 ms to 24 h. */
export function Duration(words: Words & { minimumMs?: number; maximumMs?: number }) {
  const { minimumMs = 1, maximumMs = DAY_MS, ...rest } = words;
  const minimum = formatDuration(minimumMs);
  const maximum = formatDuration(maximumMs);
  const check: Form = (text) => {
    const durationMs = parseDuration(text);
    if (durationMs === null) return 'is not a duration (like 250ms, 5s, 2m)';
    if (durationMs < minimumMs) return `is below the minimum ${minimum}`;
    return durationMs > maximumMs ? `is above the maximum ${maximum}` : null;
  };
  const inRange = `duration(self) >= duration('${minimum}') && duration(self) <= duration('${maximum}')`;
  const cel = {
    rule: `self != '' && ${matches(DURATION_RE2)} && ${inRange}`,
    message: `is not a duration from ${minimum} to ${maximum} (like 250ms, 5s, 2m)`,
  };
  return Type.String({ ...rest, maxLength: 64, form: Object.assign(check, { pattern: DURATION_PATTERN, cel: [cel] }) });
}

/** A share in percent, 0 to 100; fractions allowed. */
export const Percent = (words: Words) => Type.Number({ ...words, minimum: 0, maximum: 100 });

/** A whole number. */
export const Count = (words: Words & { minimum: number; maximum: number }) => Type.Integer({ ...words });

/** One of a few words. */
export function Choice<const Values extends readonly string[]>(values: Values, words: Words) {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...words });
}

/** A text of a certain form, of at most `maxLength` UTF-16 units. */
export const Text = (form: Form, words: Words & { maxLength: number }) => Type.String({ ...words, form });

/** A form from a pattern: what does not match is told `complaint`. `re2`: the same pattern, where it is not RE2 itself. */
export function matching(pattern: RegExp, complaint: string, re2: string = pattern.source): Form {
  const check: Form = (text) => (pattern.test(text) ? null : complaint);
  return Object.assign(check, { pattern: re2, cel: [{ rule: matches(re2), message: complaint }] });
}

/** In CEL: does the text (by default `self`) match? Only a text whose length has a bound is worth the asking. */
export function matches(re2: string, text = 'self'): string {
  const literal = re2.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `${text}.matches('${literal}')`;
}

interface ListWords {
  description: string;
  minItems?: number;
  maxItems?: number;
  unique?: NonNullable<Shape['unique']>;
}

/** A list, by default of at most 1024. Lists are replaced whole when documents are merged. */
export const List = <Item extends TSchema>(item: Item, words: ListWords) =>
  Type.Array(item, { maxItems: 1024, ...words });

interface BlockWords {
  description: string;
  required?: string[];
  refused?: Record<string, string>;
  rule?: Rule;
}

/** A value of any shape, nested at most 32 deep: what another specification rules. Its bare words are still refused. */
export const Free = (words: Words) => Type.Unsafe<unknown>({ ...words, freeDepth: 32 });

type OptionalFields<P extends TProperties> = { [Key in keyof P]: TOptional<P[Key]> };

/** An object of known fields, all of them optional: what is left out comes from a lower rank or is built in. */
export function Block<P extends TProperties>(properties: P, words: BlockWords): TObject<OptionalFields<P>> {
  const optional = Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, Type.Optional(field)]));
  return Type.Object(optional as OptionalFields<P>, { additionalProperties: false, ...words });
}

/** Why a field that later versions will have is refused today. */
export const NOT_YET = 'not in this version';

/** What enforces a block, and what only watches. */
export const MODES = ['Enforce', 'Shadow', 'Disabled'] as const;

/** The mode of a block inside a policy. */
export const BlockMode = () =>
  Choice(MODES, {
    description: 'Enforce refuses; Shadow decides and counts but refuses nothing; Disabled does neither.',
    builtIn: "the policy's mode",
  });
