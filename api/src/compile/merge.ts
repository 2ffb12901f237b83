/** Second pass: the ruling policies become one, field by field. */
import type { PolicySpec } from '../resilience-policy.ts';
import type { RouteDefaultsSpec, RouteSpec } from '../route-settings.ts';
import type { SidecarProfileSpec } from '../sidecar-profile.ts';

type Fields = Record<string, unknown>;

/** One policy out of several, lowest rank first: objects merge field by field, routes by name; lists are replaced whole. */
export function mergePolicies(policies: readonly PolicySpec[]): PolicySpec {
  return policies.reduce<PolicySpec>((low, high) => mergeObjects(low, high, ''), {});
}

/** One profile out of several, in the same way. */
export function mergeProfiles(profiles: readonly SidecarProfileSpec[]): SidecarProfileSpec {
  return profiles.reduce<SidecarProfileSpec>((low, high) => mergeObjects(low, high, ''), {});
}

/** What holds for a route: what it says itself, else what `defaults` say, field by field. */
export function inherit(defaults: RouteDefaultsSpec, route: RouteSpec): RouteSpec {
  return mergeObjects(defaults, route, '') as RouteSpec;
}

function mergeObjects(low: Fields, high: Fields, field: string): Fields {
  const base = field === 'match' ? withoutOtherPath(low, high) : low;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(high)) merged.set(key, mergeValues(merged.get(key), value, key));
  return Object.fromEntries(merged);
}

function mergeValues(low: unknown, high: unknown, field: string): unknown {
  if (low === undefined) return high;
  if (field === 'routes') return mergeRoutes(low as RouteSpec[], high as RouteSpec[]);
  // `per` is a choice between fields, and a variant belongs to its flag: some of each rank together would mean neither.
  if (field === 'per' || field === 'when' || Array.isArray(high) || typeof high !== 'object') return high;
  return mergeObjects(low as Fields, high as Fields, field);
}

/** `path` and `pathPrefix` are a choice, too: the one of the higher rank takes the place of the other. */
function withoutOtherPath(low: Fields, high: Fields): Fields {
  if (high['path'] === undefined && high['pathPrefix'] === undefined) return low;
  const { path: _path, pathPrefix: _pathPrefix, ...rest } = low;
  return rest;
}

function mergeRoutes(low: readonly RouteSpec[], high: readonly RouteSpec[]): RouteSpec[] {
  const routes = new Map(low.map((route) => [route.name, route]));
  for (const route of high) routes.set(route.name, mergeObjects(routes.get(route.name) ?? {}, route, '') as RouteSpec);
  return [...routes.values()];
}
