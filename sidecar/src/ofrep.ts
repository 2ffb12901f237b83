/** The answers of the OpenFeature Remote Evaluation Protocol 0.3 (github.com/open-feature/protocol), without the wire. */
import { digestOf } from '@fusebox/api/digest.ts';
import type { Evaluation, EvaluationContext } from './rules/evaluation.ts';

/** What the protocol asks of the flags. */
export interface FlagReader {
  evaluate(key: string, context: EvaluationContext): Evaluation;
  /** Every flag there is. */
  keys(): readonly string[];
}

export interface OfrepAnswer {
  status: number;
  /** JSON, and a line's end. */
  body: string;
  etag?: string;
}

/** Where changes are told; `url` is opaque to clients. */
export interface EventStream {
  type: 'sse';
  url: string;
}

type Read = { context: EvaluationContext } | { errorCode: string; errorDetails: string };

/** One flag. */
export function evaluateOne(key: string, request: string, flags: FlagReader): OfrepAnswer {
  const read = contextIn(request);
  if ('errorCode' in read) return { status: 400, body: `${JSON.stringify({ key, ...read })}\n` };
  const evaluation = flags.evaluate(key, read.context);
  const status = evaluation.error === null ? 200 : evaluation.error.code === 'FLAG_NOT_FOUND' ? 404 : 400;
  return { status, body: `${textOf(key, evaluation)}\n` };
}

/** All flags. As flagd does, flags for which the caller's own default holds are left out. */
export function evaluateAll(request: string, flags: FlagReader, eventStreams: EventStream[]): OfrepAnswer {
  const read = contextIn(request);
  if ('errorCode' in read) return { status: 400, body: `${JSON.stringify(read)}\n` };
  const texts: string[] = [];
  for (const key of flags.keys()) {
    const evaluation = flags.evaluate(key, read.context);
    if (evaluation.value !== undefined || evaluation.error !== null) texts.push(textOf(key, evaluation));
  }
  const body = `{"flags":[${texts.join(',')}],"eventStreams":${JSON.stringify(eventStreams)}}\n`;
  return { status: 200, body, etag: etagOf(body) };
}

/** What providers may be told before they begin. */
export function ofrepConfiguration(): OfrepAnswer {
  const body = `${JSON.stringify({
    name: 'fusebox',
    capabilities: {
      cacheInvalidation: { polling: { enabled: true, minPollingIntervalMs: 1_000 } },
      flagEvaluation: { supportedTypes: ['boolean', 'string', 'int', 'float', 'object'] },
      caching: { enabled: false },
    },
  })}\n`;
  return { status: 200, body, etag: etagOf(body) };
}

/** A strong validator (RFC 9110 §8.8.3) of a value. */
export const etagOf = (value: unknown): string => `"${digestOf(value).slice('sha256:'.length, 39)}"`;

/** Does `If-None-Match` name this validator? Compared weakly (RFC 9110 §13.1.2). */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((item) => ['*', etag, `W/${etag}`].includes(item.trim()));
}

/** Of evaluations that are given again and again: each belongs to one flag. */
const keptTexts = new WeakMap<Evaluation, string>();

function textOf(key: string, evaluation: Evaluation): string {
  if (evaluation.lasts !== true) return JSON.stringify(described(key, evaluation));
  let text = keptTexts.get(evaluation);
  if (text === undefined) keptTexts.set(evaluation, (text = JSON.stringify(described(key, evaluation))));
  return text;
}

function described(key: string, { value, reason, variant, error, metadata }: Evaluation): object {
  if (error !== null) return { key, errorCode: error.code, errorDetails: error.details, metadata };
  // SDKs that know no reasons but OpenFeature's own would give the caller's default: a reason of ours stands in the metadata.
  if (reason === 'CIRCUIT_OPEN') {
    return {
      key,
      reason: 'TARGETING_MATCH',
      value,
      ...(variant !== null && { variant }),
      metadata: { ...metadata, reason },
    };
  }
  // Without `value` the caller's own default holds.
  return { key, reason, ...(value !== undefined && { value, ...(variant !== null && { variant }) }), metadata };
}

function contextIn(request: string): Read {
  let body: unknown;
  try {
    body = request.trim() === '' ? {} : JSON.parse(request);
  } catch {
    return { errorCode: 'PARSE_ERROR', errorDetails: 'the body of the request is not JSON' };
  }
  if (!isObject(body))
    return { errorCode: 'INVALID_CONTEXT', errorDetails: 'the body of the request is not an object' };
  const { context = {} } = body;
  if (!isObject(context)) return { errorCode: 'INVALID_CONTEXT', errorDetails: 'context is not an object' };
  return { context };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
