/** What the local API answers to the service beside us: flags by OFREP, and the keys of its live configuration. */
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { etagOf, evaluateAll, evaluateOne, isFresh, ofrepConfiguration, type FlagReader } from './ofrep.ts';

export type ConfigEntries = NonNullable<Snapshot['config']>;

/** What the answers are made of. */
export interface LocalState {
  readonly flags: FlagReader;
  readonly config: () => ConfigEntries;
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
  | { status: number; type: string; body: string; etag?: string; allow?: string }
  | { stream: 'flags' }
  | { stream: 'config'; /** null: all of them. */ key: string | null };

const EVENTS_PATH = '/ofrep/v1/events';
const BULK_PATH = '/ofrep/v1/evaluate/flags';
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

const PLACES = `POST ${BULK_PATH}, POST ${BULK_PATH}/KEY, GET /ofrep/v1/configuration, GET ${EVENTS_PATH}, GET /config, GET /config/KEY`;

function placeOf(path: string): Place | null {
  if (path === BULK_PATH) return { method: 'POST', answer: allFlags };
  if (path === '/ofrep/v1/configuration')
    return { method: 'GET', answer: (request) => ofrep(ofrepConfiguration(), request) };
  if (path === EVENTS_PATH) return { method: 'GET', answer: () => ({ stream: 'flags' }) };
  if (path === '/config') return { method: 'GET', answer: allConfig };
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
  const values = configValues(config());
  return revalidated(
    { status: 200, type: JSON_TYPE, body: `${JSON.stringify(values)}\n`, etag: etagOf(values) },
    request,
  );
}

function oneKey(key: string, request: LocalRequest, { config }: LocalState): LocalAnswer {
  if (wantsEvents(request)) return { stream: 'config', key };
  const entries = config();
  if (!Object.hasOwn(entries, key)) return problem(404, 'Not Found', `There is no key ${JSON.stringify(key)}.`);
  const { value } = entries[key]!;
  return revalidated({ status: 200, type: typeOf(key), body: value, etag: etagOf(value) }, request);
}

/** Keys with their values alone. */
export const configValues = (entries: ConfigEntries): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([key, { value }]) => [key, value]));

const wantsEvents = ({ accept }: LocalRequest): boolean => accept?.includes('text/event-stream') === true;

function ofrep(answer: { status: number; body: unknown; etag?: string }, request: LocalRequest): LocalAnswer {
  const { status, body, etag } = answer;
  const text = { status, type: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
  return etag === undefined ? text : revalidated({ ...text, etag }, request);
}

function revalidated(
  answer: { status: number; type: string; body: string; etag: string },
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
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    return null;
  }
}

const TYPES: readonly [ending: RegExp, type: string][] = [
  [/\.json$/i, JSON_TYPE],
  [/\.ya?ml$/i, 'application/yaml; charset=utf-8'],
  [/\.toml$/i, 'application/toml; charset=utf-8'],
];

const typeOf = (key: string): string => TYPES.find(([ending]) => ending.test(key))?.[1] ?? 'text/plain; charset=utf-8';
