import type { TSchema } from 'typebox';

/** What of a schema tells which fields it knows. */
interface Shape {
  type?: string;
  const?: unknown;
  properties?: Record<string, Shape>;
  patternProperties?: Record<string, Shape>;
  items?: Shape;
  anyOf?: Shape[];
}

const NOTHING: Shape = { type: 'object' };

/**
 * A copy of `value` with the fields that the schema knows, and no others; a record (`Type.Record`) keeps all of its keys. The
 * value must fit the schema. Of a union's objects the one counts whose literal fields are those of the value.
 */
export function knownPart<T>(schema: TSchema, value: T): T {
  return copy(schema, value) as T;
}

function copy(shape: Shape, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (shape.anyOf !== undefined) return copy(shape.anyOf.find((one) => speaksOf(one, value)) ?? NOTHING, value);
  // A field that may hold anything (`Type.Unknown`) holds nothing unknown.
  if (shape.type === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => copy(shape.items ?? NOTHING, item));
  const record = Object.values(shape.patternProperties ?? {})[0];
  const fields = record === undefined ? (shape.properties ?? {}) : null;
  const kept = Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
    if (fields === null) return [[key, copy(record!, field)]];
    return Object.hasOwn(fields, key) ? [[key, copy(fields[key]!, field)]] : [];
  });
  return Object.fromEntries(kept);
}

function speaksOf(shape: Shape, value: object): boolean {
  if (shape.type !== (Array.isArray(value) ? 'array' : 'object')) return false;
  return Object.entries(shape.properties ?? {}).every(
    ([key, { const: literal }]) => literal === undefined || (value as Record<string, unknown>)[key] === literal,
  );
}
