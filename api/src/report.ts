/** What a sidecar answers: which settings it obeys, or why it does not, and how its circuits stand. Body of `POST /v1/report`. */
import Type, { type Static } from 'typebox';

const CircuitReport = Type.Object({
  route: Type.String({ minLength: 1, maxLength: 256 }),
  state: Type.Union([Type.Literal('Closed'), Type.Literal('Open'), Type.Literal('HalfOpen')]),
  /** How often it has opened (count). */
  era: Type.Integer({ minimum: 0 }),
  /** Why it opened last; null until it has. */
  reason: Type.Union([Type.String({ maxLength: 256 }), Type.Null()]),
});

/** The most routes that one report speaks of (count); a policy has at most 1024, and more of them may drain. */
export const MAX_CIRCUITS = 2048;

/** The longest reason in a report (UTF-16 code units). */
export const MAX_REASON_LENGTH = 4096;

/** The shape that `readReport` (report-reader.ts) checks. */
export const Report = Type.Object({
  format: Type.Literal(1),
  /** Of the snapshot that this speaks of. */
  digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  /** As it was received in the stream's `id`; empty when none has come. */
  revision: Type.String({ maxLength: 4096 }),
  result: Type.Union([Type.Literal('applied'), Type.Literal('rejected')]),
  /** Why it was rejected. */
  reason: Type.Union([Type.String({ maxLength: MAX_REASON_LENGTH }), Type.Null()]),
  /** Between receipt and swap (ms). */
  tookMs: Type.Number({ minimum: 0 }),
  /** When it was swapped or rejected (ms since 1970). */
  atWallMs: Type.Number({ minimum: 0 }),
  /** Of the sidecar. */
  version: Type.String({ maxLength: 64 }),
  circuits: Type.Array(CircuitReport, { maxItems: MAX_CIRCUITS }),
});
export type Report = Static<typeof Report>;

/** How one circuit stands. */
export type CircuitReport = Static<typeof CircuitReport>;
