/**
 * One spelling for every way to write a path (RFC 3986 §6.2.2), so that `/%61dmin`, `/x/../admin` and `//admin` meet the
 * rules of `/admin`. Used for matching only: the service gets the target as it was sent.
 */

const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The path in normal form: unreserved characters unescaped, other escapes in upper case (`%2F` stays apart from `/`), dot
 * segments removed (§5.2.4), runs of slashes as one. A path in normal form is returned as it is. A `%` that starts no
 * escape becomes `%25`: left alone, it could form a new escape with what follows.
 */
export function normalisePath(path: string): string {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === PERCENT) return normaliseSlowly(path);
    if (code !== SLASH) continue;
    const next = path.charCodeAt(i + 1);
    if (next === DOT || next === SLASH) return normaliseSlowly(path);
  }
  return path;
}

/** The part of it that holds inside one segment: escapes only. */
export function normaliseEscapes(text: string): string {
  if (!text.includes('%')) return text;
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char !== '%') {
      result += char;
      continue;
    }
    const hex = text.slice(i + 1, i + 3);
    if (!HEX_PAIR.test(hex)) {
      result += '%25';
      continue;
    }
    const decoded = String.fromCharCode(Number.parseInt(hex, 16));
    result += UNRESERVED.test(decoded) ? decoded : `%${hex.toUpperCase()}`;
    i += 2;
  }
  return result;
}

function normaliseSlowly(path: string): string {
  const unescaped = normaliseEscapes(path);
  if (!unescaped.startsWith('/')) return unescaped;
  return removeDotSegments(unescaped).replace(/\/{2,}/g, '/');
}

/** RFC 3986 §5.2.4 for a path that begins with a slash: `..` takes away the segment before it, an empty one too. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') {
      kept.push(segment);
      continue;
    }
    // `/a/.` and `/a/b/..` name the directory: `/a/`.
    if (isLast) kept.push('');
  }
  return `/${kept.join('/')}`;
}
