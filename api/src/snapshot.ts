/**
 * What one sidecar obeys: compiled, complete, in milliseconds and ratios. Nothing in it needs a default.
 * A reader ignores fields it does not know, unless `requires` lists one it does not know: then it must refuse.
 */
import Type, { type Static } from 'typebox';

const Milliseconds = Type.Number({ minimum: 0 });
const Ratio = Type.Number({ minimum: 0, maximum: 1 });
const Whole = Type.Integer({ minimum: 0 });
const Positive = Type.Integer({ minimum: 1 });
const Limit = Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()]);

const Mode = Type.Union([Type.Literal('Enforce'), Type.Literal('Shadow'), Type.Literal('Disabled')]);
export type Mode = Static<typeof Mode>;

const RouteMatch = Type.Object({
  /** Upper case; empty: any. */
  methods: Type.Array(Type.String()),
  path: Type.Union([
    Type.Object({ kind: Type.Literal('any') }),
    Type.Object({ kind: Type.Literal('exact'), path: Type.String() }),
    /** Segments between slashes; null stands for a parameter (one non-empty segment). `names` has the parameters' names in order. */
    Type.Object({
      kind: Type.Literal('pattern'),
      segments: Type.Array(Type.Union([Type.String(), Type.Null()])),
      names: Type.Array(Type.String()),
    }),
    /** Matches whole segments: `/users` matches `/users` and `/users/1`, never `/users2`. No trailing slash, except `/` itself. */
    Type.Object({ kind: Type.Literal('prefix'), prefix: Type.String() }),
  ]),
  /** All must match. Names in lower case. */
  headers: Type.Array(Type.Object({ name: Type.String(), exact: Type.String() })),
});
export type RouteMatch = Static<typeof RouteMatch>;

const RouteWhen = Type.Object({
  /** Key of a flag. */
  flag: Type.String(),
  /** The variant that it must have; null: its value must be `true`. */
  variant: Type.Union([Type.String(), Type.Null()]),
});

/** In `requires` where some route has `when`: a reader that ignored it would apply that route to everybody. */
export const FLAG_ROUTES = 'flag-routes';

const ConcurrencySettings = Type.Object({
  mode: Mode,
  /** In flight at once (count). */
  maxConcurrent: Positive,
  /** Waiting at once (count). */
  queueSize: Whole,
  queueTimeoutMs: Milliseconds,
});
export type ConcurrencySettings = Static<typeof ConcurrencySettings>;

const RateLimitSettings = Type.Object({
  mode: Mode,
  requestsPerSecond: Type.Number({ exclusiveMinimum: 0 }),
  /** Bucket size (count). */
  burst: Type.Number({ minimum: 1 }),
  /** What has a bucket of its own. */
  per: Type.Union([
    Type.Object({ kind: Type.Literal('route') }),
    Type.Object({ kind: Type.Literal('header'), /** lower case */ name: Type.String() }),
    Type.Object({ kind: Type.Literal('clientAddress') }),
  ]),
});
export type RateLimitSettings = Static<typeof RateLimitSettings>;

const BreakerSettings = Type.Object({
  mode: Mode,
  forced: Type.Union([Type.Literal('Open'), Type.Literal('Closed'), Type.Null()]),
  /** Failures in a row that open it; 0: rule off. */
  failureThreshold: Whole,
  /** 0..1, opens at exactly this share. null: rule off. */
  failureRateThreshold: Type.Union([Ratio, Type.Null()]),
  /** 0..1, of calls slower than `slowCallDurationMs`. */
  slowCallRateThreshold: Ratio,
  /** null: rule off. */
  slowCallDurationMs: Limit,
  /** `Time`: seconds; `Count`: calls. */
  window: Type.Object({
    type: Type.Union([Type.Literal('Time'), Type.Literal('Count')]),
    size: Type.Integer({ minimum: 1, maximum: 10_000 }),
  }),
  /** Below this many calls in the window the rates do not count. Already capped to a count window's size. */
  minimumNumberOfCalls: Positive,
  resetTimeoutMs: Milliseconds,
  maxResetTimeoutMs: Milliseconds,
  /** 0..1 */
  resetJitter: Ratio,
  halfOpenAllowedRequests: Positive,
  maxHalfOpenDurationMs: Milliseconds,
  failOn: Type.Object({
    /** Classes of status (1..5) that fail. */
    statusClasses: Type.Array(Type.Integer({ minimum: 1, maximum: 5 })),
    /** Single status codes that fail. */
    statusCodes: Type.Array(Type.Integer({ minimum: 100, maximum: 599 })),
    connect: Type.Boolean(),
    reset: Type.Boolean(),
    timeout: Type.Boolean(),
  }),
  /** A client that leaves after waiting this long (ms) counts as a `timeout`. */
  abandonedAfterMs: Milliseconds,
});
export type BreakerSettings = Static<typeof BreakerSettings>;

const RouteSettings = Type.Object({
  name: Type.String({ minLength: 1 }),
  match: RouteMatch,
  /** The rest of the match: what a flag must be for the request. Absent: it takes every request that matches. */
  when: Type.Optional(RouteWhen),
  /** Key of the flag that gates this route; null: no gate. */
  flag: Type.Union([Type.String(), Type.Null()]),
  /** Until the answer's head has come (ms). null: no limit. */
  timeoutMs: Limit,
  /** Between bytes after the head (ms). null: no limit. */
  idleTimeoutMs: Limit,
  /** For the whole exchange (ms). null: no limit. */
  maxDurationMs: Limit,
  concurrency: Type.Union([ConcurrencySettings, Type.Null()]),
  rateLimit: Type.Union([RateLimitSettings, Type.Null()]),
  circuitBreaker: BreakerSettings,
});
export type RouteSettings = Static<typeof RouteSettings>;

const InboundSettings = Type.Object({
  /** Of the policy as a whole: rules timeouts, flag gates and `unmatched`; blocks carry their own. */
  mode: Mode,
  unmatched: Type.Union([Type.Literal('Allow'), Type.Literal('Refuse')]),
  /** For requests that no route matches. Its name is `_defaults`. */
  defaults: RouteSettings,
  /** Most specific first: the first that matches wins. */
  routes: Type.Array(RouteSettings),
});
export type InboundSettings = Static<typeof InboundSettings>;

const SnapshotSource = Type.Object({
  kind: Type.String(),
  namespace: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
});
export type SnapshotSource = Static<typeof SnapshotSource>;

const FlagDefinition = Type.Object({
  state: Type.Union([Type.Literal('ENABLED'), Type.Literal('DISABLED')]),
  /** Values by name, all of one type. */
  variants: Type.Record(Type.String(), Type.Unknown()),
  /** null: the caller's own default. */
  defaultVariant: Type.Union([Type.String(), Type.Null()]),
  /** A JSON Logic rule without `$ref`; null: none. */
  targeting: Type.Unknown(),
  metadata: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  /** null: it follows no circuit. */
  offWhile: Type.Union([
    Type.Object({
      /** `inbound/` and the name of a route. */
      circuit: Type.String(),
      /** How long it has been open before the flag goes off. */
      forMs: Milliseconds,
      /** How long the flag stays off after its wait is over. */
      recoverAfterMs: Milliseconds,
    }),
    Type.Null(),
  ]),
});
export type FlagDefinition = Static<typeof FlagDefinition>;

/** What a gate knows of a request. */
const FlagContext = Type.Object({
  /** Header in lower case → its name in the context. */
  headers: Type.Record(Type.String(), Type.String()),
  pathParameters: Type.Boolean(),
});
export type FlagContext = Static<typeof FlagContext>;

const ConfigBlob = Type.Object({
  /** Over the bytes. */
  digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  sizeBytes: Whole,
  encoding: Type.Union([Type.Literal('text'), Type.Literal('binary')]),
});

/** The shape that `readSnapshot` checks. */
export const Snapshot = Type.Object({
  format: Type.Literal(1),
  /** `sha256:` and 64 hex digits over the canonical form of everything but `digest` itself. Equal meaning, equal digest. */
  digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  /** Features (by name) that a reader must know in order to obey this snapshot. */
  requires: Type.Array(Type.String()),
  /** The documents that won, lowest rank first. */
  sources: Type.Array(SnapshotSource),
  inbound: InboundSettings,
  /** Flags by key. For one with a definition: its default, for readers that know no definitions. */
  flags: Type.Record(Type.String(), Type.Boolean()),
  /** Flags with a definition, by key. Absent: none. */
  flagDefinitions: Type.Optional(Type.Record(Type.String(), FlagDefinition)),
  /** Absent: gates know nothing of requests. */
  flagContext: Type.Optional(FlagContext),
  /** Live configuration for the service, by key. Absent: none. */
  config: Type.Optional(Type.Record(Type.String(), Type.Object({ value: Type.String() }))),
  /** More of it: values that are long, or not text, by key; their bytes are fetched. Readers that do not know this do without. */
  configBlobs: Type.Optional(Type.Record(Type.String(), ConfigBlob)),
  tracing: Type.Object({ /** 0..1 */ sampleRatio: Type.Union([Ratio, Type.Null()]) }),
});
export type Snapshot = Static<typeof Snapshot>;
