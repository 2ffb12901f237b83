/**
 * Paths as people write them in a match, brought to the one spelling in which requests are compared: percent-escapes of
 * unreserved characters decoded, the others in upper case, what is not ASCII escaped (RFC 3986 §6.2.2).
 */
import type { Form } from './schema.ts';

const INVALID = /[^\x21-\x7e\u0080-\uffff]|["<>\\^`{|}]/;
const ESCAPE = /%[0-9A-Fa-f]{2}/g;
const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const MAX_LENGTH = 1024;

/** One segment of a path in its comparable spelling. */
export function normaliseSegment(segment: string): string {
  const escaped = segment.replaceAll(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text.toWellFormed()));
  return escaped.replaceAll(ESCAPE, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape.toUpperCase();
  });
}

/** Is this segment a parameter (`:id`)? */
export const isParameter = (segment: string): boolean => PARAMETER.test(segment);

/** What `path` may be: an exact path, or a pattern with `:param` segments. */
export const pathForm: Form = (text) => {
  const complaint = commonComplaint(text);
  if (complaint !== null) return complaint;
  const parameters = text.split('/').filter((segment) => segment.startsWith(':'));
  const wrong = parameters.find((segment) => !isParameter(segment));
  if (wrong !== undefined) return `has the parameter "${wrong}": a parameter is a whole segment, like :id`;
  return new Set(parameters).size < parameters.length ? 'names one parameter twice' : null;
};

/** What `pathPrefix` may be: a plain path. */
export const prefixForm: Form = (text) => {
  const complaint = commonComplaint(text);
  if (complaint !== null) return complaint;
  return text.includes('/:') ? 'has a parameter: parameters stand in path, never in pathPrefix' : null;
};

function commonComplaint(text: string): string | null {
  if (!text.startsWith('/')) return 'is not a path: it starts with /';
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[?#]/.test(text)) return 'has a query or a fragment: only the path is matched';
  if (INVALID.test(text)) return 'has a character that no path can have';
  if (text.replaceAll(ESCAPE, '').includes('%')) return 'has a % that is not followed by two hex digits';
  if (text.includes('*')) return 'has a *, which matches only itself: use pathPrefix or a parameter like :id';
  const segments = text.slice(1).split('/').map(normaliseSegment);
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a . or .. segment';
  return segments.slice(0, -1).includes('') ? 'has an empty segment (//)' : null;
}
