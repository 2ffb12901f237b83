import type { InboundSettings, Mode, RouteMatch, RouteSettings, Snapshot } from '@fusebox/api/snapshot.ts';
import type { Exchange } from './exchange.ts';
import type { FlagMetrics } from './flag-counts.ts';
import type { FlagInForce } from './flag-in-force.ts';
import { FlagsInForce } from './flags-in-force.ts';
import type { RouteState } from './route-state.ts';
import { matchRoute, newRouteTable, type RouteTable } from './rules/route-table.ts';

interface RoutePorts {
  /** Gives a route its metrics and its alarm. */
  newRoute: (settings: RouteSettings) => RouteState;
  flagMetrics: FlagMetrics;
  /** Monotonic. */
  nowMs: number;
}

/** What a flag must be for a route to be chosen. */
interface When {
  flag: FlagInForce;
  /** null: its value must be `true`. */
  variant: string | null;
  path: RouteMatch['path'];
}

/**
 * Which route rules a request, by the settings in force. A swap happens in one turn: the request before it sees the old
 * settings, the request after it the new ones. A route is found again by its name and keeps all that it remembers.
 */
export class RoutesInForce {
  /** Settings of the policy as a whole. */
  mode: Mode;
  unmatched: InboundSettings['unmatched'];
  readonly flags: FlagsInForce;
  /** For what no route matches, and for what never was a request. */
  readonly fallback: RouteState;
  private table: RouteTable;
  private routes: RouteState[] = [];
  /** Beside `routes`; null: every request that matches. */
  private whens: (When | null)[] = [];
  private readonly byName = new Map<string, RouteState>();
  private readonly newRoute: (settings: RouteSettings) => RouteState;

  constructor(snapshot: Snapshot, { newRoute, flagMetrics, nowMs }: RoutePorts) {
    this.newRoute = newRoute;
    this.flags = new FlagsInForce((name) => this.byName.get(name), flagMetrics);
    this.fallback = newRoute(snapshot.inbound.defaults);
    this.mode = snapshot.inbound.mode;
    this.unmatched = snapshot.inbound.unmatched;
    this.table = newRouteTable([]);
    this.apply(snapshot, nowMs);
  }

  /** The route of this request; null when none matches. */
  find(exchange: Exchange): RouteState | null {
    const index = matchRoute(this.table, exchange, this.selects);
    return index < 0 ? null : this.routes[index]!;
  }

  /** Swaps the settings. Every route that is in force afterwards is given back, so that its queue may be looked at. */
  apply(snapshot: Snapshot, nowMs: number): readonly RouteState[] {
    const { inbound } = snapshot;
    this.flags.apply(snapshot);
    this.mode = inbound.mode;
    this.unmatched = inbound.unmatched;
    this.fallback.apply(inbound.defaults, inbound.mode, nowMs);
    const routes = inbound.routes.map((settings) => this.routeFor(settings));
    for (const [index, route] of routes.entries()) {
      const settings = inbound.routes[index]!;
      route.apply(settings, inbound.mode, nowMs);
      route.gate = settings.flag === null ? null : this.flags.flag(settings.flag);
    }
    const staying = new Set(routes);
    for (const route of this.byName.values()) {
      if (staying.has(route)) continue;
      route.inForce = false;
      this.forgetIfDrained(route);
    }
    this.routes = routes;
    this.whens = inbound.routes.map(({ when, match: { path } }) =>
      when === undefined ? null : { flag: this.flags.flag(when.flag), variant: when.variant, path },
    );
    this.table = newRouteTable(inbound.routes);
    return [this.fallback, ...routes];
  }

  /** All routes that carry or may carry requests, those that drain too. */
  all(): RouteState[] {
    return [this.fallback, ...this.byName.values()];
  }

  /** A route that left the settings goes for good once nothing uses it. */
  forgetIfDrained(route: RouteState): void {
    if (route.inForce || route.exchanges > 0 || this.byName.get(route.name) !== route) return;
    this.byName.delete(route.name);
    route.queueAlarm.remove();
    route.metrics.remove();
  }

  private readonly selects = (index: number, exchange: Exchange): boolean => {
    const when = this.whens[index] ?? null;
    if (when === null) return true;
    const { value, variant } = this.flags.forRequest(when.flag, exchange, when.path, 'when');
    return when.variant === null ? value === true : variant === when.variant;
  };

  private routeFor(settings: RouteSettings): RouteState {
    let route = this.byName.get(settings.name);
    if (route === undefined) {
      route = this.newRoute(settings);
      this.byName.set(settings.name, route);
    }
    route.inForce = true;
    return route;
  }
}
