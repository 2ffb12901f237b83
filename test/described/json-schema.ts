/** Values that a JSON schema allows, and whether it allows a value: an idea of its own of what the service's checks do. */
import fc from 'fast-check';

/** As far as the service's description uses it. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
}
export type Schemas = Record<string, JsonSchema>;

const resolve = (schema: JsonSchema, schemas: Schemas): JsonSchema =>
  schema.$ref === undefined ? schema : schemas[schema.$ref.replace('#/components/schemas/', '')]!;

const formats: Record<string, (text: string) => boolean> = {
  // Far from all of RFC 5321, and it need not be: generated addresses are plain, and others plainly none.
  email: (text) =>
    /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text),
  'date-time': (text) => new Date(text).toISOString() === text,
};

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;

/** Is this value what the schema describes? */
export function allows(given: JsonSchema, value: unknown, schemas: Schemas = {}): boolean {
  const schema = resolve(given, schemas);
  const type = typeOf(value);
  const types = schema.type === undefined ? [type] : [schema.type].flat();
  if (!types.includes(type) && !(type === 'integer' && types.includes('number'))) return false;
  if ('const' in schema && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (schema.anyOf !== undefined && !schema.anyOf.some((one) => allows(one, value, schemas))) return false;
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  if (typeof value === 'string') return allowsText(schema, value);
  if (Array.isArray(value))
    return value.every((item) => schema.items === undefined || allows(schema.items, item, schemas));
  return typeof value !== 'object' || value === null || allowsObject(schema, value, schemas);
}

function allowsText({ minLength = 0, maxLength = Infinity, pattern, format }: JsonSchema, text: string): boolean {
  const length = [...text].length;
  if (length < minLength || length > maxLength) return false;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) return false;
  return format === undefined || formats[format]!(text);
}

function allowsObject(schema: JsonSchema, value: object, schemas: Schemas): boolean {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  if (!required.every((name) => Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, item]) =>
    Object.hasOwn(properties, name) ? allows(properties[name]!, item, schemas) : additionalProperties,
  );
}

/** Values that the schema allows, often at its limits. */
export function valuesOf(given: JsonSchema, schemas: Schemas): fc.Arbitrary<unknown> {
  const schema = resolve(given, schemas);
  const type = [schema.type].flat()[0];
  if (type === 'integer') return fc.integer({ min: schema.minimum!, max: schema.maximum! });
  if (type === 'number') return fc.double({ min: schema.minimum!, max: schema.maximum!, noNaN: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'string') return textsOf(schema);
  const { properties = {}, required = [] } = schema;
  const members = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one, schemas)]));
  return fc.record(members, { requiredKeys: required });
}

function textsOf(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema.format === 'email') return fc.stringMatching(/^[a-z][a-z0-9]{0,9}(\.[a-z]{1,5})?@[a-z]{1,9}\.[a-z]{2,4}$/);
  if (schema.pattern === undefined || schema.minLength !== undefined) {
    return fc.string({ unit: 'binary', minLength: schema.minLength ?? 0, maxLength: schema.maxLength ?? 100 });
  }
  return fc
    .stringMatching(new RegExp(schema.pattern), { maxLength: schema.maxLength ?? 100 })
    .filter((text) => allowsText(schema, text));
}
