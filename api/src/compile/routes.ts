/** Fourth pass: routes with their matches, most specific first. */
import { canonicalJson } from '../digest.ts';
import { isParameter, normaliseSegment } from '../path-forms.ts';
import type { PolicySpec } from '../resilience-policy.ts';
import type { RouteMatchSpec } from '../route-match.ts';
import type { RouteSpec } from '../route-settings.ts';
import type { InboundSettings, RouteMatch, RouteSettings } from '../snapshot.ts';
import { settleBlocks, type Surroundings } from './defaults.ts';
import { inherit } from './merge.ts';

/** Name of what serves requests that no route takes; no route can have it. */
const DEFAULTS_NAME = '_defaults';

/** The inbound side of a merged policy, complete. */
export function settleInbound(policy: PolicySpec, around: Surroundings): InboundSettings {
  const { unmatched = 'Allow', defaults = {}, routes = [] } = policy.inbound ?? {};
  const settled = routes.map((route): RouteSettings => {
    const { name, match, when, flag = null } = route;
    if (match === undefined) around.warn(unmatchedWarning(route));
    return {
      name,
      match: settleMatch(match ?? {}),
      ...(when !== undefined && { when: { flag: when.flag, variant: when.variant ?? null } }),
      flag,
      ...settleBlocks(`the route ${name}`, inherit(defaults, route), around),
    };
  });
  const sorted = settled.toSorted(bySpecificity);
  warnOfTwins(sorted, around);
  return {
    mode: around.mode,
    unmatched,
    defaults: {
      name: DEFAULTS_NAME,
      match: settleMatch({}),
      flag: null,
      ...settleBlocks('defaults', defaults, around),
    },
    routes: sorted,
  };
}

const unmatchedWarning = ({ name, when }: RouteSpec): string =>
  `the route ${name} has no match: it takes every request that no other route takes` +
  (when === undefined ? '' : ` and for which the flag ${when.flag} selects it`);

function settleMatch(match: RouteMatchSpec): RouteMatch {
  const methods = new Set((match.methods ?? []).map((method) => method.toUpperCase()));
  const headers = (match.headers ?? []).map(({ name, exact }) => ({ name: name.toLowerCase(), exact }));
  return {
    methods: [...methods].toSorted(),
    path: settlePath(match),
    headers: headers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function settlePath(match: RouteMatchSpec): RouteMatch['path'] {
  if (match.path !== undefined) {
    const segments = match.path.slice(1).split('/');
    const names = segments.filter(isParameter).map((segment) => segment.slice(1));
    const literals = segments.map((segment) => (isParameter(segment) ? null : normaliseSegment(segment)));
    if (names.length > 0) return { kind: 'pattern', segments: literals, names };
    return { kind: 'exact', path: `/${literals.join('/')}` };
  }
  if (match.pathPrefix === undefined) return { kind: 'any' };
  const prefix = match.pathPrefix.split('/').map(normaliseSegment).join('/');
  return { kind: 'prefix', prefix: prefix === '/' ? '/' : prefix.replace(/\/$/, '') };
}

/** As in the Gateway API: exact path, longest pattern or prefix, method, more headers, a flag that selects, name. */
function bySpecificity(a: RouteSettings, b: RouteSettings): number {
  return (
    byPath(a.match.path, b.match.path) ||
    Number(b.match.methods.length > 0) - Number(a.match.methods.length > 0) ||
    b.match.headers.length - a.match.headers.length ||
    Number(b.when !== undefined) - Number(a.when !== undefined) ||
    (a.name < b.name ? -1 : 1)
  );
}

function byPath(a: RouteMatch['path'], b: RouteMatch['path']): number {
  if (a.kind === 'exact' || b.kind === 'exact') return Number(b.kind === 'exact') - Number(a.kind === 'exact');
  const [segmentsA, segmentsB] = [segmentsOf(a), segmentsOf(b)];
  const longer = segmentsB.length - segmentsA.length;
  if (longer !== 0) return longer;
  // A pattern ends where it ends; a prefix of the same length takes all below it, too. Any path is the prefix /.
  const kinds = KIND_ORDER[a.kind] - KIND_ORDER[b.kind];
  if (kinds !== 0) return kinds;
  const at = segmentsA.findIndex((segment, index) => (segment === null) !== (segmentsB[index] === null));
  if (at === -1) return 0;
  return segmentsA[at] === null ? 1 : -1;
}

const KIND_ORDER = { pattern: 0, prefix: 1, any: 1 } as const;

function segmentsOf(path: RouteMatch['path']): readonly (string | null)[] {
  if (path.kind === 'pattern') return path.segments;
  if (path.kind === 'prefix' && path.prefix !== '/') return path.prefix.slice(1).split('/');
  return [];
}

/** Of two routes with the same match only the first by name is ever reached. */
function warnOfTwins(routes: readonly RouteSettings[], around: Surroundings): void {
  const first = new Map<string, string>();
  for (const { name, match, when = null } of routes) {
    const { path, ...rest } = match;
    // What a parameter is called does not change what it matches.
    const key = canonicalJson([rest, when, path.kind === 'pattern' ? path.segments : path]);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, name);
    else around.warn(`the route ${name} is never reached: ${earlier} has the same match`);
  }
}
