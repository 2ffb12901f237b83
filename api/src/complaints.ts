/** The words for what is wrong with a value. */
import { nearestName } from './nearest-name.ts';
import type { Shape } from './schema.ts';

const BARE_WORD = /^(?:on|off|yes|no|y|n)$/i;
const NOUNS = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
} as const;

/** Is this a word that YAML 1.1, and so kubectl, reads as a boolean when it stands without quotes? */
export const isBareWord = (value: unknown): value is string => typeof value === 'string' && BARE_WORD.test(value);

/** A text in quotes, cut where it gets long. */
export const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);

/** Why an unknown field is refused, with the name that was probably meant. */
export function unknownField(key: string, known: readonly string[]): string {
  if (key === '<<') return 'merge keys are not supported: write the fields out';
  const nearest = nearestName(key, known);
  if (nearest !== null) return `unknown field; did you mean ${quote(nearest)}?`;
  return `unknown field; known here: ${known.join(', ')}`;
}

/** Why a value of the wrong type is refused. `bare`: it is a word like `on` that stood without quotes. */
export function wrongType(shape: Shape, value: unknown, bare: boolean): string {
  const wanted = shape.orBoolean === true ? 'true, false or a definition' : NOUNS[shape.type ?? 'object'];
  if (typeof value === 'string') {
    const takesBoolean = shape.type === 'boolean' || shape.orBoolean === true;
    if (bare && takesBoolean) {
      return `${value} without quotes is a text here and a boolean to kubectl (YAML 1.1): write true or false`;
    }
    const unquoted = takesBoolean ? /^(true|false)$/ : /^-?[\d.]+$/;
    const hint = (shape.type !== 'object' || takesBoolean) && unquoted.test(value) ? ': write it without quotes' : '';
    return `${quote(value)} is a text, not ${wanted}${hint}`;
  }
  if (typeof value === 'number') {
    const complaint = shape.type === 'string' ? (shape.form?.(String(value)) ?? null) : null;
    if (complaint !== null) return `${value} ${complaint}`;
    return `${value} is a number, not ${wanted}${shape.type === 'string' ? `: quote it, "${value}"` : ''}`;
  }
  if (typeof value === 'boolean') {
    if (shape.type !== 'string') return `${value} is a boolean, not ${wanted}`;
    const choice = shape.enum === undefined ? '' : `; it is one of ${shape.enum.join(', ')}`;
    return `${value} is a boolean, not a text (kubectl reads a bare on, off, yes or no as one): quote it${choice}`;
  }
  if (value === null || value === undefined) return `is empty: write ${wanted}, or leave it out`;
  return `is ${Array.isArray(value) ? 'a list' : 'an object'}, not ${wanted}`;
}
