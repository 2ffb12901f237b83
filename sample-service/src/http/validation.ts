/**
 * Checks what comes in, by the schemas that are published. Fastify's own checker would turn `"1"` into 1 in bodies as
 * well, where JSON has said that it is a string; this one reads text as numbers only where there is nothing but text.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ServiceError } from '../service-error.ts';

const maxErrors = 10;

/** Answers with the first ten faults, each with its field. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const read = httpPart === 'body' ? (value: unknown) => value : readerOf(schema);
  return (given: unknown) => {
    const value = read(given);
    if (validator.Check(value)) return { value };
    const errors = validator.Errors(value).flatMap(readable).slice(0, maxErrors);
    const detail = errors.map(({ field, message }) => `${field === '' ? partName(httpPart) : field} ${message}`);
    return { error: new ServiceError('invalid-input', `${detail.join('; ')}.`, { members: { errors } }) };
  };
};

const partName = (httpPart: string | undefined): string =>
  httpPart === 'querystring' ? 'query' : (httpPart ?? 'body');

interface ValidationError {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

function readable({ keyword, instancePath, message, params }: ValidationError): { field: string; message: string }[] {
  const field = instancePath.slice(1).replaceAll('/', '.');
  const within = (name: string): string => (field === '' ? name : `${field}.${name}`);
  if (keyword === 'required') {
    const { requiredProperties } = params as { requiredProperties: string[] };
    return requiredProperties.map((name) => ({ field: within(name), message: 'is missing' }));
  }
  if (keyword === 'additionalProperties') {
    const { additionalProperties } = params as { additionalProperties: string[] };
    return additionalProperties.map((name) => ({ field: within(name), message: 'is not known' }));
  }
  // Says once more that a property is not known.
  if (keyword === 'boolean') return [];
  return [{ field, message }];
}

/** Query and path are text: whole numbers are read as such, and defaults filled in. */
function readerOf({ properties = {} }: { properties?: Record<string, { type?: unknown; default?: unknown }> }) {
  const known = Object.entries(properties);
  return (given: unknown): unknown => {
    const value: Record<string, unknown> = { ...(given as object) };
    for (const [name, { type, default: initial }] of known) {
      const text = value[name];
      if (text === undefined) {
        if (initial !== undefined) value[name] = initial;
      } else if (type === 'integer' && typeof text === 'string' && /^-?\d{1,20}$/.test(text)) {
        value[name] = Number(text);
      }
    }
    return value;
  };
}
