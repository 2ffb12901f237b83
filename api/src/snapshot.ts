/**
 * What one sidecar obeys: compiled, complete, in milliseconds and ratios. Nothing in it needs a default.
 * A reader ignores fields it does not know, unless `requires` lists one it does not know: then it must refuse.
 */

export type Mode = 'Enforce' | 'Shadow' | 'Disabled';

export interface Snapshot {
  format: 1;
  /** `sha256:` and 64 hex digits over the canonical form of everything but `digest` itself. Equal meaning, equal digest. */
  digest: string;
  /** Features (by name) that a reader must know in order to obey this snapshot. */
  requires: string[];
  /** The documents that won, lowest rank first. */
  sources: SnapshotSource[];
  inbound: InboundSettings;
  /** Flags by key. */
  flags: Record<string, boolean>;
  tracing: { /** 0..1 */ sampleRatio: number | null };
}

export interface SnapshotSource {
  kind: string;
  namespace: string | null;
  name: string;
}

export interface InboundSettings {
  /** Of the policy as a whole: rules timeouts, flag gates and `unmatched`; blocks carry their own. */
  mode: Mode;
  unmatched: 'Allow' | 'Refuse';
  /** For requests that no route matches. Its name is `_defaults`. */
  defaults: RouteSettings;
  /** Most specific first: the first that matches wins. */
  routes: RouteSettings[];
}

export interface RouteSettings {
  name: string;
  match: RouteMatch;
  /** Key of the flag that gates this route; null: no gate. */
  flag: string | null;
  /** Until the answer's head has come (ms). null: no limit. */
  timeoutMs: number | null;
  /** Between bytes after the head (ms). null: no limit. */
  idleTimeoutMs: number | null;
  /** For the whole exchange (ms). null: no limit. */
  maxDurationMs: number | null;
  concurrency: ConcurrencySettings | null;
  rateLimit: RateLimitSettings | null;
  circuitBreaker: BreakerSettings;
}

export interface RouteMatch {
  /** Upper case; empty: any. */
  methods: string[];
  path:
    | { kind: 'any' }
    | { kind: 'exact'; path: string }
    /** Segments between slashes; null stands for a parameter (one non-empty segment). `names` has the parameters' names in order. */
    | { kind: 'pattern'; segments: (string | null)[]; names: string[] }
    /** Matches whole segments: `/users` matches `/users` and `/users/1`, never `/users2`. No trailing slash, except `/` itself. */
    | { kind: 'prefix'; prefix: string };
  /** All must match. Names in lower case. */
  headers: { name: string; exact: string }[];
}

export interface ConcurrencySettings {
  mode: Mode;
  /** In flight at once (count). */
  maxConcurrent: number;
  /** Waiting at once (count). */
  queueSize: number;
  queueTimeoutMs: number;
}

export interface RateLimitSettings {
  mode: Mode;
  requestsPerSecond: number;
  /** Bucket size (count). */
  burst: number;
  /** What has a bucket of its own. */
  per: { kind: 'route' } | { kind: 'header'; /** lower case */ name: string } | { kind: 'clientAddress' };
}

export interface BreakerSettings {
  mode: Mode;
  forced: 'Open' | 'Closed' | null;
  /** Failures in a row that open it; 0: rule off. */
  failureThreshold: number;
  /** 0..1, opens at exactly this share. null: rule off. */
  failureRateThreshold: number | null;
  /** 0..1, of calls slower than `slowCallDurationMs`. */
  slowCallRateThreshold: number;
  /** null: rule off. */
  slowCallDurationMs: number | null;
  /** `Time`: seconds; `Count`: calls. */
  window: { type: 'Time' | 'Count'; size: number };
  /** Below this many calls in the window the rates do not count. Already capped to a count window's size. */
  minimumNumberOfCalls: number;
  resetTimeoutMs: number;
  maxResetTimeoutMs: number;
  /** 0..1 */
  resetJitter: number;
  halfOpenAllowedRequests: number;
  maxHalfOpenDurationMs: number;
  failOn: {
    /** Classes of status (1..5) that fail. */
    statusClasses: number[];
    /** Single status codes that fail. */
    statusCodes: number[];
    connect: boolean;
    reset: boolean;
    timeout: boolean;
  };
  /** A client that leaves after waiting this long (ms) counts as a `timeout`. */
  abandonedAfterMs: number;
}
