/**
 * Flag definitions, evaluated by flagd's own core, so that a flag means here what it means to flagd. The one file that calls
 * it, and loaded only when some flag has a definition (flags-in-force.ts).
 *
 * Rules are interpreted. Compiled to JavaScript they would be evaluated faster, but whoever may edit a flag would write code
 * for this process, and each edit would cost a compilation for each flag.
 */
import type { FlagDefinition } from '@fusebox/api/snapshot.ts';
import type { EvaluationContext as FlagdContext } from '@openfeature/core';
import { FeatureFlag, type Flag } from '@openfeature/flagd-core';
import type { Evaluate, Evaluation } from './evaluation.ts';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** Makes a flag ready to be asked. What flagd would not load gives its error whenever it is asked. */
export function compileDefinition(key: string, definition: FlagDefinition): Evaluate {
  const { metadata, state } = definition;
  if (state === 'DISABLED') {
    const disabled = { value: undefined, reason: 'DISABLED', variant: null, error: null, metadata };
    return () => disabled;
  }
  const failed = (code: string, details: string): Evaluation => ({
    value: undefined,
    reason: 'ERROR',
    variant: null,
    error: { code, details },
    metadata,
  });
  let flag: FeatureFlag;
  try {
    flag = new FeatureFlag(key, flagdFlag(definition), silent, { disableDynamicCodeGeneration: true });
    hashBytes(flag);
  } catch (error) {
    const broken = failed('PARSE_ERROR', error instanceof Error ? error.message : String(error));
    return () => broken;
  }
  return (context) => {
    try {
      const { value, reason, variant, errorCode, errorMessage } = flag.evaluate(context as FlagdContext, silent) as {
        value?: unknown;
        reason: string;
        variant?: string;
        errorCode?: string;
        errorMessage?: string;
      };
      if (errorCode !== undefined) return failed(errorCode, errorMessage ?? '');
      return { value, reason, variant: value === undefined ? null : (variant ?? null), error: null, metadata };
    } catch {
      // A rule whose outcome has no text, such as an object with a `toString` of its own.
      return failed('GENERAL', `the targeting of the flag ${JSON.stringify(key)} names no variant`);
    }
  };
}

interface Operator {
  method(data: unknown, context: Record<string, unknown>): unknown;
}

/**
 * flagd hashes the UTF-8 bytes of what a share goes by, and so do its cores in other languages; the one in JavaScript hashes
 * UTF-16 units. It gets one unit for each byte, so that a user falls into the same bucket everywhere (ADR 0023).
 */
function hashBytes(flag: FeatureFlag): void {
  const { _targeting: targeting } = flag as unknown as {
    _targeting?: { _engine: { methods: Record<string, Operator>; addMethod(name: string, operator: Operator): void } };
  };
  if (targeting === undefined) return;
  const { methods } = targeting._engine;
  const { method } = methods['fractional']!;
  targeting._engine.addMethod('fractional', {
    method(data, context) {
      if (!Array.isArray(data)) return method(data, context);
      const [first, ...buckets] = data as unknown[];
      if (typeof first === 'string') return method([bytesOf(first), ...buckets], context);
      const { $flagd: flagd, targetingKey } = context;
      const { flagKey } = Object(flagd) as { flagKey?: unknown };
      if (typeof targetingKey !== 'string' || typeof flagKey !== 'string') return method(data, context);
      const seed = { targetingKey: bytesOf(targetingKey), $flagd: { ...Object(flagd), flagKey: bytesOf(flagKey) } };
      return method(data, { ...context, ...seed });
    },
  });
}

/** One character for each byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** As flagd writes it. Its own types know a rule as text only. */
function flagdFlag({ state, variants, defaultVariant, targeting, metadata }: FlagDefinition): Flag {
  const flag = { state, variants, metadata, ...(defaultVariant !== null && { defaultVariant }) };
  return { ...flag, ...(targeting !== null && { targeting }) } as unknown as Flag;
}
