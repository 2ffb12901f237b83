/** Where in a list the client is, and how it gets on: by offset, or by a cursor that a growing list does not shift. */

interface Place {
  limit: number;
  offset: number;
  /** How many there are in all (count). */
  total: number;
}

function link(path: string, query: Record<string, string | number>, relation: string): string {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `<${path}?${parameters.toString()}>; rel="${relation}"`;
}

/** Field value of `Link` (RFC 8288): first, prev, next and last, as far as there are such pages. */
export function offsetLinks(path: string, { limit, offset, total }: Place): string {
  const lastOffset = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  const links = [link(path, { limit, offset: 0 }, 'first')];
  if (offset > 0) links.push(link(path, { limit, offset: Math.max(0, Math.min(offset - limit, lastOffset)) }, 'prev'));
  if (offset + limit < total) links.push(link(path, { limit, offset: offset + limit }, 'next'));
  links.push(link(path, { limit, offset: lastOffset }, 'last'));
  return links.join(', ');
}

/** The same by cursors: first, and next where there is more after the user with the id `lastId`. */
export function cursorLinks(path: string, { limit, lastId }: { limit: number; lastId: number | null }): string {
  const links = [link(path, { limit, cursor: '' }, 'first')];
  if (lastId !== null) links.push(link(path, { limit, cursor: cursorOf(lastId) }, 'next'));
  return links.join(', ');
}

const prefix = 'before:';
const cursorOf = (id: number): string => Buffer.from(`${prefix}${id}`).toString('base64url');

/** The id before which the page begins, the greatest there is for the first; null: no cursor of ours. */
export function readCursor(cursor: string): number | null {
  if (cursor === '') return Number.MAX_SAFE_INTEGER;
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  return /^[1-9]\d{0,15}$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : null;
}
