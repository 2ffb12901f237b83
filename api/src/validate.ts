/**
 * Checks a value against a schema and says everything that is wrong at once, in words for people. It also hands back the
 * value as the schema knows it: a block that was named without content (`circuitBreaker:`) becomes `{}`.
 */
import type { Static, TSchema } from 'typebox';

import { isBareWord, quote, unknownField, wrongType } from './complaints.ts';
import type { Path, Shape } from './schema.ts';

/** What is wrong, and where. */
export interface Problem {
  path: Path;
  message: string;
}

/** Answers whether a text or a key stood without quotes in the YAML that it came from. */
export interface Origin {
  isBare(path: Path, what: 'key' | 'value'): boolean;
}

/** The checked value, or null with at least one problem. */
export type Validated<S extends TSchema> =
  | { value: Static<S>; problems: [] }
  | { value: null; problems: [Problem, ...Problem[]] };

/** Checks `value`; never throws, and looks at nothing that the schema does not know. */
export function validate<S extends TSchema>(schema: S, value: unknown, origin: Origin | null): Validated<S> {
  const walk = new Walk(origin);
  const clean = walk.read(schema, value, []);
  const [first, ...others] = walk.problems;
  if (first !== undefined) return { value: null, problems: [first, ...others] };
  return { value: clean as Static<S>, problems: [] };
}

class Walk {
  readonly problems: Problem[] = [];
  readonly #origin: Origin | null;

  constructor(origin: Origin | null) {
    this.#origin = origin;
  }

  read(shape: Shape, value: unknown, path: Path): unknown {
    if (value === null && shape.nullable === true) return undefined;
    if (shape.freeDepth !== undefined) return this.#free(value, path, shape.freeDepth);
    switch (shape.type) {
      case 'object':
        return this.#object(shape, value, path);
      case 'array':
        return this.#list(shape, value, path);
      case 'string':
        return this.#text(shape, value, path);
      case 'number':
      case 'integer':
        return this.#number(shape, value, path);
      case 'boolean':
        if (typeof value !== 'boolean') this.#refuse(path, this.#typeComplaint(shape, value, path));
        return value;
      default:
        return value;
    }
  }

  #refuse(path: Path, message: string): void {
    this.problems.push({ path, message });
  }

  #typeComplaint(shape: Shape, value: unknown, path: Path): string {
    if (shape.secret === true && (typeof value === 'number' || typeof value === 'boolean')) {
      return `is a ${typeof value}, not a text: quote it`;
    }
    return wrongType(shape, value, this.#isBareWord(value, path));
  }

  #isBareWord(value: unknown, path: Path): boolean {
    return isBareWord(value) && this.#origin !== null && this.#origin.isBare(path, 'value');
  }

  /** Looks only for what is too deep, and for words that mean something else to kubectl. */
  #free(value: unknown, path: Path, depthLeft: number): unknown {
    if (this.#isBareWord(value, path)) {
      this.#refuse(path, `${String(value)} without quotes is a boolean to kubectl (YAML 1.1): quote it`);
    }
    if (typeof value !== 'object' || value === null) return value;
    if (depthLeft === 0) this.#refuse(path, 'is nested too deep');
    else if (Array.isArray(value)) value.forEach((item, at) => this.#free(item, [...path, at], depthLeft - 1));
    else {
      for (const [key, field] of Object.entries(value)) {
        this.#key(key, [...path, key]);
        this.#free(field, [...path, key], depthLeft - 1);
      }
    }
    return value;
  }

  /** False: the key stands without quotes and is no text to kubectl. */
  #key(key: string, path: Path): boolean {
    if (!isBareWord(key) || this.#origin?.isBare(path, 'key') !== true) return true;
    this.#refuse(path, `the key ${key} without quotes is a boolean to kubectl (YAML 1.1): quote it`);
    return false;
  }

  #object(shape: Shape, value: unknown, path: Path): unknown {
    if (shape.orBoolean === true) {
      if (typeof value === 'boolean') return value;
      if (value === null) {
        this.#refuse(path, this.#typeComplaint(shape, value, path));
        return value;
      }
    }
    // `circuitBreaker:` with nothing after it names the block.
    const fields = value ?? {};
    if (typeof fields !== 'object' || Array.isArray(fields)) {
      this.#refuse(path, this.#typeComplaint(shape, value, path));
      return value;
    }
    const entries = Object.entries(fields);
    if (shape.maxProperties !== undefined && entries.length > shape.maxProperties) {
      this.#refuse(path, `has ${entries.length} entries, more than the maximum ${shape.maxProperties}`);
      return value;
    }
    const spoilt = new Set<string>();
    const read = entries.map(([key, field]) => {
      const before = this.problems.length;
      const clean = this.#field(shape, key, field, [...path, key]);
      if (this.problems.length > before) spoilt.add(key);
      return [key, clean] as const;
    });
    const clean = Object.fromEntries(read.filter(([, field]) => field !== undefined));
    for (const key of shape.required ?? []) {
      if (!Object.hasOwn(fields, key)) this.#refuse([...path, key], 'is required');
    }
    for (const rule of [...(shape.rule === undefined ? [] : [shape.rule]), ...(shape.moreRules ?? [])]) {
      if (rule.across.some((key) => spoilt.has(key))) continue;
      for (const breach of rule.check(clean as never)) this.#refuse([...path, ...breach.path], breach.message);
    }
    return clean;
  }

  #field(shape: Shape, key: string, value: unknown, path: Path): unknown {
    if (!this.#key(key, path)) return undefined;
    const known = shape.properties ?? {};
    if (Object.hasOwn(known, key)) return this.read(known[key]!, value, path);
    if (shape.refused !== undefined && Object.hasOwn(shape.refused, key)) {
      this.#refuse(path, shape.refused[key]!);
      return undefined;
    }
    // Without `additionalProperties` the schema lets pass, and drops, what it does not know.
    if (shape.additionalProperties === undefined) return undefined;
    if (shape.additionalProperties === false) {
      this.#refuse(path, unknownField(key, Object.keys(known)));
      return undefined;
    }
    const complaint = shape.keyForm?.(key) ?? null;
    if (complaint !== null) this.#refuse(path, `the key ${quote(key)} ${complaint}`);
    return this.read(shape.additionalProperties, value, path);
  }

  #list(shape: Shape, value: unknown, path: Path): unknown {
    if (!Array.isArray(value)) {
      this.#refuse(path, this.#typeComplaint(shape, value, path));
      return value;
    }
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = shape;
    if (value.length < minItems) this.#refuse(path, 'is empty: write at least one, or leave it out');
    if (value.length > maxItems) {
      this.#refuse(path, `has ${value.length} entries, more than the maximum ${maxItems}`);
      return value;
    }
    const read = value.map((item, at) => this.read(items, item, [...path, at]));
    if (shape.unique !== undefined) this.#twins(shape.unique, value, path);
    return read;
  }

  #twins({ field, anyCase }: NonNullable<Shape['unique']>, items: readonly unknown[], path: Path): void {
    const first = new Map<string, number>();
    for (const [at, item] of items.entries()) {
      const text = (Object(item) as Record<string, unknown>)[field];
      if (typeof text !== 'string') continue;
      const key = anyCase === true ? text.toLowerCase() : text;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, at);
      else this.#refuse([...path, at, field], `${quote(text)} is the ${field} of entry [${earlier}] already`);
    }
  }

  #text(shape: Shape, value: unknown, path: Path): unknown {
    if (typeof value !== 'string') {
      this.#refuse(path, this.#typeComplaint(shape, value, path));
      return value;
    }
    const complaint = this.#textComplaint(shape, value);
    if (this.#isBareWord(value, path)) {
      const more = complaint === null ? '' : `; and ${complaint}`;
      this.#refuse(path, `${value} without quotes is a boolean to kubectl (YAML 1.1): quote it${more}`);
    } else if (complaint !== null) this.#refuse(path, complaint);
    return value;
  }

  #textComplaint(shape: Shape, value: string): string | null {
    if (shape.enum !== undefined && !shape.enum.includes(value)) {
      return `${quote(value)} is not one of ${shape.enum.join(', ')}`;
    }
    const complaint = shape.form?.(value) ?? lengthComplaint(shape, value);
    if (complaint === null) return null;
    return shape.secret === true ? complaint : `${quote(value)} ${complaint}`;
  }

  #number(shape: Shape, value: unknown, path: Path): unknown {
    if (typeof value !== 'number') {
      this.#refuse(path, this.#typeComplaint(shape, value, path));
      return value;
    }
    const complaint = numberComplaint(shape, value);
    if (complaint !== null) this.#refuse(path, `${value} ${complaint}`);
    return value;
  }
}

function lengthComplaint({ maxLength }: Shape, text: string): string | null {
  return maxLength !== undefined && text.length > maxLength ? `is longer than ${maxLength} characters` : null;
}

function numberComplaint(shape: Shape, value: number): string | null {
  if (!Number.isFinite(value)) return 'is not a number';
  if (shape.type === 'integer' && !Number.isInteger(value)) return 'is not a whole number';
  if (shape.minimum !== undefined && value < shape.minimum) return `is below the minimum ${shape.minimum}`;
  if (shape.maximum !== undefined && value > shape.maximum) return `is above the maximum ${shape.maximum}`;
  const { exclusiveMinimum: least } = shape;
  return least !== undefined && value <= least ? `is too small: it must be above ${least}` : null;
}
