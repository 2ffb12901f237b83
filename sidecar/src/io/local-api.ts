import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bind } from '@fusebox/runtime/bind.ts';
import { loopbackFault } from '@fusebox/runtime/loopback.ts';
import { shortTexts, type LiveValue, versionOf, withoutValue } from '../live-values.ts';
import { answerLocally, problem, type LocalAnswer, type LocalState } from '../local-answers.ts';
import { EventStreams, type StreamNews } from './event-streams.ts';

const MAX_BODY_BYTES = 1_048_576;
const HEARTBEAT_MS = 15_000;

export interface LocalApiOptions extends LocalState {
  /** null: every address; callers on other machines are refused all the same. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  /** Names what the flags say to everybody: it changes with their definitions, and when one of them follows its circuit. */
  flagsVersion: () => string;
}

export interface LocalApi {
  port: number;
  /** Flags or configuration may have changed: whoever follows them is told. */
  changed(): void;
  close(): Promise<void>;
}

/**
 * Opens the listener for the service beside us. Loopback only, and checked against web pages and rebound names like the admin
 * listener. Rejects with a message for people when the address cannot be bound.
 */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const { host, port } = options;
  const streams = new EventStreams(HEARTBEAT_MS);
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    (request, response) => {
      request.on('error', () => response.destroy());
      response.on('error', () => response.destroy());
      receive(request, (body) => {
        try {
          answer({ request, response, body }, options, streams);
        } catch {
          if (response.headersSent) response.destroy();
          else send(response, request, problem(500, 'Internal Server Error', 'It could not be answered.'));
        }
      });
    },
  );
  server.maxConnections = 1_024;
  return {
    port: await bind(server, { flag: 'local', host, port }),
    changed: () => streams.changed(),
    close: () =>
      new Promise((resolve) => {
        streams.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Hands over the body, once; null: it is larger than any request needs. A request that breaks off hands over nothing. */
function receive(request: IncomingMessage, done: (body: string | null) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    const wasTooLarge = bytes > MAX_BODY_BYTES;
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
    else if (!wasTooLarge) done(null);
  });
  request.on('end', () => {
    if (bytes > MAX_BODY_BYTES) return;
    // Nearly always it came in one piece.
    done((pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)).toString('utf8'));
  });
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  body: string | null;
}

function answer({ request, response, body }: Exchange, options: LocalApiOptions, streams: EventStreams): void {
  const { headers } = request;
  const refused = loopbackFault(request);
  if (refused !== null) send(response, request, problem(403, 'Forbidden', `${refused}.`));
  else if (body === null) {
    response.setHeader('connection', 'close');
    send(response, request, problem(413, 'Content Too Large', `A body has at most ${MAX_BODY_BYTES} bytes.`));
  } else {
    const reply = answerLocally(
      {
        method: request.method ?? '',
        path: pathOf(request.url ?? ''),
        host: headers.host,
        ifNoneMatch: headers['if-none-match'],
        accept: headers.accept,
        body,
      },
      options,
    );
    if (!('stream' in reply)) send(response, request, reply);
    else if (request.method === 'HEAD') send(response, request, { status: 200, type: 'text/event-stream', body: '' });
    else {
      const lastId = headers['last-event-id'];
      if (!streams.open(response, typeof lastId === 'string' ? lastId : null, changesOf(reply, options))) {
        send(response, request, problem(503, 'Service Unavailable', 'Too many streams are open.'));
      }
    }
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

type Reply = Exclude<LocalAnswer, { stream: string }>;

function send(response: ServerResponse, request: IncomingMessage, { status, type, body, etag, allow }: Reply): void {
  // Names and values in turn: what Node writes without copying it first.
  const fields = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  if (status !== 304) fields.push('content-type', type, 'content-length', String(Buffer.byteLength(body)));
  if (etag !== undefined) fields.push('etag', etag);
  if (allow !== undefined) fields.push('allow', allow);
  response.writeHead(status, fields);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function changesOf(
  { stream, ...what }: Extract<LocalAnswer, { stream: string }>,
  { config, flagsVersion }: LocalApiOptions,
): (lastId: string | null) => StreamNews | null {
  if (stream === 'config') {
    const key = 'key' in what ? what.key : null;
    return (lastId) => {
      const values = config();
      const id = (key === null ? versionOf(values) : (values.get(key)?.digest ?? NO_KEY)).slice('sha256:'.length, 39);
      if (id === lastId) return null;
      return { id, event: 'config', data: key === null ? shortTexts(values) : newsOf(key, values.get(key)) };
    };
  }
  // Whoever begins has asked for the flags, or will: only later changes are news (OFREP ADR 0008).
  const atFirst = flagsVersion();
  return (lastId) => {
    const id = flagsVersion();
    return id === (lastId ?? atFirst)
      ? null
      : { id, event: 'message', data: { type: 'refetchEvaluation', etag: `"${id}"` } };
  };
}

/** In the place of the digest of a key that is not there. */
const NO_KEY = 'sha256:none';

/** A value that travels by digest is fetched by whoever wants it; null stands for a key that is not there. */
function newsOf(key: string, value: LiveValue | undefined): object {
  if (value === undefined) return { key, value: null };
  return { key, ...(typeof value.body === 'string' ? { value: value.body } : withoutValue(value)) };
}
