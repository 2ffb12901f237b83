/** A shape of ours → a structural OpenAPI schema, as a CustomResourceDefinition takes it. */
import { type CelRule, matches, type Shape } from '@fusebox/api/schema.ts';

/** A shape together with what it tells readers. */
export type DescribedShape = Shape & {
  description?: string;
  builtIn?: string | number;
  format?: string;
  mapKey?: string;
};

export type OpenApi = Record<string, unknown>;

/**
 * Of fields that later versions will have, and of fields in the wrong place: the type that people would write, so that the
 * refusal has our words and not those of a wrong type.
 */
const REFUSED_TYPES: Record<string, OpenApi> = {
  outbound: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  algorithm: { type: 'string' },
  minLimit: { type: 'integer' },
  maxLimit: { type: 'integer' },
  priority: { type: 'string' },
  retry: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  name: { type: 'string' },
  match: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  when: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  flag: { type: 'string' },
};

/** Longer texts are checked by their pattern alone: a CEL rule costs by the longest text there could be. */
const LONGEST_CEL_TEXT = 1024;

/** The schema of a field. */
export function openApi(shape: DescribedShape): OpenApi {
  const schema: OpenApi = { ...description(shape), ...typed(shape) };
  const rules = celRules(shape);
  if (rules.length > 0) schema['x-kubernetes-validations'] = rules;
  return schema;
}

/** What holds when nothing is said is told, never filled in: fields merge across documents (ADR 0005). */
function description({ description: words, builtIn }: DescribedShape): OpenApi {
  if (words === undefined) return {};
  return { description: builtIn === undefined ? words : `${words} When nothing is said: ${builtIn}.` };
}

/** What has several types, or any: the API server keeps it as it is, and CEL cannot look into it. The webhook and the operator check it. */
const isOpen = ({ orBoolean, freeDepth }: Shape): boolean => orBoolean === true || freeDepth !== undefined;

function typed(shape: DescribedShape): OpenApi {
  if (isOpen(shape)) return { 'x-kubernetes-preserve-unknown-fields': true };
  switch (shape.type) {
    case 'object':
      return shape.properties === undefined ? map(shape) : object(shape);
    case 'array':
      return list(shape);
    case 'string':
      return text(shape);
    case 'integer':
    case 'number':
      return number(shape);
    default:
      return { type: shape.type };
  }
}

function object(shape: DescribedShape): OpenApi {
  const refused = Object.keys(shape.refused ?? {}).map((name) => [name, refusedField(name, shape.refused![name]!)]);
  const known = Object.entries(shape.properties ?? {}).map(([name, field]) => {
    const optionalBlock = field.properties !== undefined && shape.required?.includes(name) !== true;
    // `circuitBreaker:` with nothing after it names the block: the API server would drop a null that is not nullable.
    return [name, { ...openApi(field), ...(optionalBlock ? { nullable: true } : {}) }];
  });
  const required = shape.required !== undefined && shape.required.length > 0 ? { required: shape.required } : {};
  return { type: 'object', ...required, properties: Object.fromEntries([...known, ...refused]) };
}

function refusedField(name: string, why: string): OpenApi {
  const type = REFUSED_TYPES[name];
  if (type === undefined) throw new Error(`${name}: REFUSED_TYPES does not know which type it would have`);
  return { description: `Refused: ${why}.`, ...type };
}

function map(shape: DescribedShape): OpenApi {
  const { additionalProperties, maxProperties } = shape;
  if (additionalProperties === undefined || additionalProperties === false) throw new Error('a map of what?');
  return { type: 'object', additionalProperties: openApi(additionalProperties), ...defined({ maxProperties }) };
}

function list({ items, minItems, maxItems, unique, mapKey }: DescribedShape): OpenApi {
  const key = mapKey ?? unique?.field;
  const kind =
    key === undefined
      ? { 'x-kubernetes-list-type': 'atomic' }
      : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
  return { type: 'array', items: openApi(items ?? {}), ...defined({ minItems, maxItems }), ...kind };
}

function text({ enum: choices, form, maxLength, format }: DescribedShape): OpenApi {
  return { type: 'string', ...defined({ enum: choices, format, maxLength, pattern: form?.pattern }) };
}

function number({ type, minimum, maximum, exclusiveMinimum }: DescribedShape): OpenApi {
  const above = exclusiveMinimum === undefined ? {} : { minimum: exclusiveMinimum, exclusiveMinimum: true };
  return { type, ...defined({ minimum, maximum }), ...above };
}

function celRules(shape: DescribedShape): OpenApi[] {
  if (isOpen(shape)) return [];
  const refused = Object.entries(shape.refused ?? {}).map(([name, why]) => {
    return { rule: `!has(self.${name})`, message: why, at: `.${name}` };
  });
  const bounded = shape.maxLength !== undefined && shape.maxLength <= LONGEST_CEL_TEXT;
  const ofText: readonly CelRule[] = bounded ? (shape.form?.cel ?? []) : [];
  const rules = [...ofText, ...(shape.rule?.cel ?? []), ...refused].map(({ rule, message, at }) => {
    return { rule, message, ...defined({ fieldPath: at }) };
  });
  return [...rules, ...keyRules(shape)];
}

/** The keys of a map have no schema of their own. The message names the first that is wrong. */
function keyRules({ keyForm, additionalProperties }: DescribedShape): OpenApi[] {
  if (keyForm?.pattern === undefined) return [];
  if (additionalProperties !== undefined && additionalProperties !== false && isOpen(additionalProperties)) return [];
  const complaint = keyForm('\0') ?? '';
  const isRight = matches(keyForm.pattern, 'key');
  return [
    {
      rule: `self.all(key, ${isRight})`,
      message: `has a key that ${complaint}`,
      messageExpression: `'the key "' + self.filter(key, !${isRight})[0] + '" ${complaint}'`,
    },
  ];
}

const defined = (fields: OpenApi): OpenApi =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
