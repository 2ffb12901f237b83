/** What a flag is for somebody: always a value (or that the caller's default holds) and a reason. */
export interface Evaluation {
  /** undefined: the caller's own default. */
  readonly value: unknown;
  /** As OpenFeature names reasons, and `CIRCUIT_OPEN`. */
  readonly reason: string;
  readonly variant: string | null;
  /** null: nothing went wrong. */
  readonly error: { readonly code: string; readonly details: string } | null;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  /** This very object is what whoever asks for the flag is given, so what is made of it may be kept. */
  readonly lasts?: true;
}

/** What is known of whoever the flag is for. */
export type EvaluationContext = Readonly<Record<string, unknown>>;

/** A flag that is ready to be asked. Never throws. */
export type Evaluate = (context: EvaluationContext) => Evaluation;

/** Where nobody defines the flag. */
export const notFound = (key: string): Evaluation => ({
  value: undefined,
  reason: 'ERROR',
  variant: null,
  error: { code: 'FLAG_NOT_FOUND', details: `there is no flag ${JSON.stringify(key)}` },
  metadata: {},
});

/** Of a flag that is `true` or `false` for everybody. */
export const fixed = (value: boolean): Evaluation => ({
  value,
  reason: 'STATIC',
  variant: value ? 'on' : 'off',
  error: null,
  metadata: {},
});
