/**
 * Which route rules a request? Routes come most specific first and the first that matches wins. Exact paths are found in
 * a map, all others are tried in order; nothing is allocated for a path in normal form.
 */
import type { RouteMatch, RouteSettings } from '@fusebox/api/snapshot.ts';
import { normaliseEscapes, normalisePath } from './request-path.ts';

/** What matching may see of a request. */
export interface RequestView {
  /** As sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** The target's path as sent, without query. */
  readonly path: string;
  /** The value of a header, null if it is not there. */
  header(lowerCaseName: string): string | null;
}

/** Is the route of this index chosen, now that all else of its match holds? Asked only of routes with `when`. */
export type Selects<R extends RequestView> = (index: number, request: R) => boolean;

interface Candidate {
  /** Place in the list of routes: the lower, the more specific. */
  index: number;
  /** Empty: any. `HEAD` is not implied by `GET` (as in the Gateway API). */
  methods: string[];
  headers: RouteMatch['headers'];
  /** A flag decides, too. */
  asks: boolean;
}

interface Searched extends Candidate {
  path: Exclude<RouteMatch['path'], { kind: 'exact' }>;
}

/** Compiled once per snapshot. */
export interface RouteTable {
  /** By path, in order. */
  readonly exact: ReadonlyMap<string, Candidate[]>;
  readonly others: readonly Searched[];
}

/** Compiles routes that stand most specific first. Their paths are brought to the normal form of requests' paths. */
export function newRouteTable(routes: readonly Pick<RouteSettings, 'match' | 'when'>[]): RouteTable {
  const exact = new Map<string, Candidate[]>();
  const others: Searched[] = [];
  for (const [index, { match, when }] of routes.entries()) {
    const candidate = { index, methods: match.methods, headers: match.headers, asks: when !== undefined };
    if (match.path.kind !== 'exact') {
      others.push({ ...candidate, path: normalisePattern(match.path) });
      continue;
    }
    const path = normalisePath(match.path.path);
    const samePath = exact.get(path);
    if (samePath === undefined) exact.set(path, [candidate]);
    else samePath.push(candidate);
  }
  return { exact, others };
}

/** The index of the route that rules this request, or -1. */
export function matchRoute<R extends RequestView>(table: RouteTable, request: R, selects: Selects<R>): number {
  const path = normalisePath(request.path);
  const exact = firstExact(table.exact.get(path), request, selects);
  for (const candidate of table.others) {
    if (exact >= 0 && candidate.index > exact) return exact;
    if (matchesPath(candidate.path, path) && matchesRest(candidate, request, selects)) return candidate.index;
  }
  return exact;
}

function firstExact<R extends RequestView>(
  candidates: readonly Candidate[] | undefined,
  request: R,
  selects: Selects<R>,
): number {
  if (candidates === undefined) return -1;
  for (const candidate of candidates) if (matchesRest(candidate, request, selects)) return candidate.index;
  return -1;
}

function normalisePattern(path: Searched['path']): Searched['path'] {
  switch (path.kind) {
    case 'any':
      return path;
    case 'prefix':
      return { kind: 'prefix', prefix: normalisePath(path.prefix) };
    case 'pattern':
      return { ...path, segments: path.segments.map((text) => (text === null ? null : normaliseEscapes(text))) };
  }
}

function matchesPath(pattern: Searched['path'], path: string): boolean {
  switch (pattern.kind) {
    case 'any':
      return true;
    case 'prefix':
      return matchesPrefix(pattern.prefix, path);
    case 'pattern':
      return matchesSegments(pattern.segments, path);
  }
}

function matchesPrefix(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix === '/' || path.length === prefix.length || path[prefix.length] === '/';
}

/** Walks the path by its slashes: a `null` takes one segment that is not empty, and the last segment must end the path. */
function matchesSegments(segments: readonly (string | null)[], path: string): boolean {
  let start = 1;
  for (const segment of segments) {
    if (start > path.length) return false;
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (segment === null ? end === start : end - start !== segment.length || !path.startsWith(segment, start)) {
      return false;
    }
    start = end + 1;
  }
  return start === path.length + 1;
}

function matchesRest<R extends RequestView>(candidate: Candidate, request: R, selects: Selects<R>): boolean {
  if (candidate.methods.length > 0 && !candidate.methods.includes(request.method)) return false;
  for (const { name, exact } of candidate.headers) if (request.header(name) !== exact) return false;
  return !candidate.asks || selects(candidate.index, request);
}
