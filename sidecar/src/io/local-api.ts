import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bind } from '@fusebox/runtime/bind.ts';
import { loopbackFault } from '@fusebox/runtime/loopback.ts';
import { answerLocally, problem, type LocalAnswer } from '../local-answers.ts';
import { newsOf, type NewsState } from '../local-news.ts';
import { EventStreams } from './event-streams.ts';

const MAX_BODY_BYTES = 1_048_576;
const HEARTBEAT_MS = 15_000;

export interface LocalApiOptions extends NewsState {
  /** null: every address; callers on other machines are refused all the same. */
  host: string | null;
  /** 0: any free one. */
  port: number;
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
      const refused = loopbackFault(request);
      // Before the body: nobody else's is kept in memory.
      if (refused !== null) return refuse(response, request, problem(403, 'Forbidden', `${refused}.`));
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
  if (body === null) {
    refuse(response, request, problem(413, 'Content Too Large', `A body has at most ${MAX_BODY_BYTES} bytes.`));
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
      if (!streams.open(response, typeof lastId === 'string' ? lastId : null, newsOf(reply, options))) {
        send(response, request, problem(503, 'Service Unavailable', 'Too many streams are open.'));
      }
    }
  }
}

/** Answers before the body has come, and ends the connection: what is still to come is thrown away. */
function refuse(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  request.resume();
  response.setHeader('connection', 'close');
  send(response, request, reply);
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
