/** What the local API answers to the service beside us: flags by OFREP, and the keys of its live configuration. */
import { type LiveValues, mediaTypeOf, shortTexts, withoutValues } from './live-values.ts';
import {
  etagOf,
  evaluateAll,
  evaluateOne,
  isFresh,
  ofrepConfiguration,
  type FlagReader,
  type OfrepAnswer,
} from './ofrep.ts';

/** What the answers are made of. */
export interface LocalState {
  readonly flags: FlagReader;
  readonly config: () => LiveValues;
}

/** A request that has come whole. */
export interface LocalRequest {
  method: string;
  /** Without the query. */
  path: string;
  /** `Host` as sent. */
  host: string | undefined;
  ifNoneMatch: string | undefined;
  accept: string | undefined;
  body: string;
}

/** An answer, or a stream of events to open. */
export type LocalAnswer =
  | { status: number; type: string; body: string | Uint8Array; etag?: string; allow?: string }
  | { stream: 'flags' }
  | { stream: 'config'; /** null: all of them. */ key: string | null };

const EVENTS_PATH = '/ofrep/v1/events';
const BULK_PATH = '/ofrep/v1/evaluate/flags';
const DIGESTS_PATH = '/config-digests';
const JSON_TYPE = 'application/json; charset=utf-8';

interface Place {
  method: 'GET' | 'POST';
  answer: (request: LocalRequest, state: LocalState) => LocalAnswer;
}

/** The answer to one request. Never throws. */
export function answerLocally(request: LocalRequest, state: LocalState): LocalAnswer {
  const place = placeOf(request.path);
  if (place === null) return problem(404, 'Not Found', `There are: ${PLACES}.`);
  if (place.method !== request.method && !(place.method === 'GET' && request.method === 'HEAD')) {
    const allow = place.method === 'GET' ? 'GET, HEAD' : place.method;
    return { ...problem(405, 'Method Not Allowed', `${request.path} takes ${allow}.`), allow };
  }
  return place.answer(request, state);
}

const PLACES = `POST ${BULK_PATH}, POST ${BULK_PATH}/KEY, GET /ofrep/v1/configuration, GET ${EVENTS_PATH}, GET /config, GET /config/KEY, GET ${DIGESTS_PATH}`;

function placeOf(path: string): Place | null {
  if (path === BULK_PATH) return { method: 'POST', answer: allFlags };
  if (path === '/ofrep/v1/configuration')
    return { method: 'GET', answer: (request) => ofrep(ofrepConfiguration(), request) };
  if (path === EVENTS_PATH) return { method: 'GET', answer: () => ({ stream: 'flags' }) };
  if (path === '/config') return { method: 'GET', answer: allConfig };
  if (path === DIGESTS_PATH) return { method: 'GET', answer: allDigests };
  const flag = keyBelow(`${BULK_PATH}/`, path);
  if (flag !== null) {
    return { method: 'POST', answer: (request, { flags }) => ofrep(evaluateOne(flag, request.body, flags), request) };
  }
  const key = keyBelow('/config/', path);
  return key === null ? null : { method: 'GET', answer: (request, state) => oneKey(key, request, state) };
}

function allFlags(request: LocalRequest, { flags }: LocalState): LocalAnswer {
  const url = `http://${request.host ?? '127.0.0.1:4142'}${EVENTS_PATH}`;
  return ofrep(evaluateAll(request.body, flags, [{ type: 'sse', url }]), request);
}

function allConfig(request: LocalRequest, { config }: LocalState): LocalAnswer {
  if (wantsEvents(request)) return { stream: 'config', key: null };
  return json(shortTexts(config()), request);
}

/** Of every key, also of those that are too long, or no text, to stand in `/config`. */
const allDigests = (request: LocalRequest, { config }: LocalState): LocalAnswer =>
  json(withoutValues(config()), request);

const json = (value: unknown, request: LocalRequest): LocalAnswer =>
  revalidated({ status: 200, type: JSON_TYPE, body: `${JSON.stringify(value)}\n`, etag: etagOf(value) }, request);

function oneKey(key: string, request: LocalRequest, { config }: LocalState): LocalAnswer {
  if (wantsEvents(request)) return { stream: 'config', key };
  const value = config().get(key);
  if (value === undefined) return problem(404, 'Not Found', `There is no key ${JSON.stringify(key)}.`);
  const { body, digest } = value;
  return revalidated({ status: 200, type: mediaTypeOf(key, value), body, etag: `"${digest}"` }, request);
}

const wantsEvents = ({ accept }: LocalRequest): boolean => accept?.includes('text/event-stream') === true;

function ofrep({ status, body, etag }: OfrepAnswer, request: LocalRequest): LocalAnswer {
  const answer = { status, type: JSON_TYPE, body };
  return etag === undefined ? answer : revalidated({ ...answer, etag }, request);
}

function revalidated(
  answer: { status: number; type: string; body: string | Uint8Array; etag: string },
  request: LocalRequest,
): LocalAnswer {
  return isFresh(request.ifNoneMatch, answer.etag) ? { ...answer, status: 304, body: '' } : answer;
}

/** An answer for people, as RFC 9457 has it. */
export const problem = (status: number, title: string, detail: string) => ({
  status,
  type: 'application/problem+json',
  body: `${JSON.stringify({ title, status, detail })}\n`,
});

/** Its last segment as a key, unescaped; null: it is not of this kind. */
function keyBelow(prefix: string, path: string): string | null {
  if (!path.startsWith(prefix) || path.length === prefix.length || path.includes('/', prefix.length)) return null;
  const key = path.slice(prefix.length);
  if (!key.includes('%')) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return null;
  }
}
