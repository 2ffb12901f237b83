/**
 * Paths as people write them in a match, brought to the one spelling in which requests are compared: percent-escapes of
 * unreserved characters decoded, the others in upper case, what is not ASCII escaped (RFC 3986 §6.2.2).
 */
import type { CelRule, Form } from './schema.ts';

const INVALID = /[^\x21-\x7e\u0080-\uffff]|["<>\\^`{|}]/;
const ESCAPE = /%[0-9A-Fa-f]{2}/g;
const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const MAX_LENGTH = 1024;

const NO_PATH = 'is not a path: it starts with /';
const QUERY = 'has a query or a fragment: only the path is matched';
const CHARACTER = 'has a character that no path can have';
const PERCENT = 'has a % that is not followed by two hex digits';
const STAR = 'has a *, which matches only itself: use pathPrefix or a parameter like :id';
const DOTS = 'has a . or .. segment';
const EMPTY_SEGMENT = 'has an empty segment (//)';
const PARAMETER_IN_PREFIX = 'has a parameter: parameters stand in path, never in pathPrefix';

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
export const pathForm: Form = Object.assign(pathComplaint, {
  cel: [
    ...commonRules(),
    {
      rule: String.raw`!self.matches('/:($|/|[^A-Za-z_]|[A-Za-z_][A-Za-z0-9_]{0,62}[^A-Za-z0-9_/]|[A-Za-z_][A-Za-z0-9_]{63})')`,
      message: 'has a parameter that is not a whole segment, like :id',
    },
  ],
});

/** What `pathPrefix` may be: a plain path. */
export const prefixForm: Form = Object.assign(prefixComplaint, {
  cel: [...commonRules(), { rule: "!self.contains('/:')", message: PARAMETER_IN_PREFIX }],
});

function pathComplaint(text: string): string | null {
  const complaint = commonComplaint(text);
  if (complaint !== null) return complaint;
  const parameters = text.split('/').filter((segment) => segment.startsWith(':'));
  const wrong = parameters.find((segment) => !isParameter(segment));
  if (wrong !== undefined) return `has the parameter "${wrong}": a parameter is a whole segment, like :id`;
  return new Set(parameters).size < parameters.length ? 'names one parameter twice' : null;
}

function prefixComplaint(text: string): string | null {
  const complaint = commonComplaint(text);
  if (complaint !== null) return complaint;
  return text.includes('/:') ? PARAMETER_IN_PREFIX : null;
}

function commonComplaint(text: string): string | null {
  if (!text.startsWith('/')) return NO_PATH;
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[?#]/.test(text)) return QUERY;
  if (INVALID.test(text)) return CHARACTER;
  if (text.replaceAll(ESCAPE, '').includes('%')) return PERCENT;
  if (text.includes('*')) return STAR;
  const segments = text.slice(1).split('/').map(normaliseSegment);
  if (segments.some((segment) => segment === '.' || segment === '..')) return DOTS;
  return segments.slice(0, -1).includes('') ? EMPTY_SEGMENT : null;
}

/** The same in CEL. That no parameter stands twice is more than it can say at a bearable cost. */
function commonRules(): CelRule[] {
  return [
    { rule: "self.startsWith('/')", message: NO_PATH },
    { rule: "!self.contains('?') && !self.contains('#')", message: QUERY },
    { rule: String.raw`!self.matches('[^\\x21-\\x7e\\x{80}-\\x{10ffff}]|["<>\\\\^\`{|}]')`, message: CHARACTER },
    { rule: "!self.matches('%(.?$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])')", message: PERCENT },
    { rule: "!self.contains('*')", message: STAR },
    { rule: String.raw`!self.matches('/([.]|%2[eE]){1,2}(/|$)')`, message: DOTS },
    { rule: "!self.contains('//')", message: EMPTY_SEGMENT },
  ];
}
