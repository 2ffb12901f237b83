import { propagation, trace, type Context, type Span } from '@opentelemetry/api';
import { Agent, type Dispatcher } from 'undici';
import { traceparentOf } from './events/traceparent.ts';
import type { Scope } from './scope.ts';
import { callSpan, markFailed } from './tracing.ts';

/** One call of another service over HTTP. */
export interface Call {
  method: 'GET' | 'POST';
  /** Of the other service, or of whatever stands in front of it; `http:` or `https:`. A path is kept as prefix. */
  baseUrl: string;
  path: string;
  /** The path with names where values stand: the span's name, so of few kinds. */
  template: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: object;
  /** From the wait for a connection to the last byte of the answer. */
  timeoutMs: number;
  /** Goes on when the client of the scope has gone: for calls that giving up would not undo. Default false. */
  outlivesClient?: boolean;
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Why a call has no answer: its time was up, the client went away, or the connection or the answer is of no use. */
type NoAnswer = 'timeout' | 'client-gone' | 'unavailable';

/** A call without an answer. */
export class CallFailed extends Error {
  readonly code: NoAnswer;

  constructor(code: NoAnswer, { template, cause }: { template: string; cause?: unknown }) {
    super(`${template}: ${code}`, { cause });
    this.code = code;
  }
}

/** Calls other services. */
export interface Outgoing {
  /** @throws CallFailed */
  call(scope: Scope, call: Call): Promise<Answer>;
  /** Lets calls end that are under way: their time is bounded. */
  close(): Promise<void>;
}

const connectTimeoutMs = 2_000;
/** Of one origin (count): a service that hangs must not collect sockets. Waiting for one counts towards a call's time. */
const maxConnections = 100;
/** An answer is kept in memory, so it is bounded. */
const maxBodyBytes = 64 * 1024;

/** Connections are kept, for each origin by itself. Every call tells the request's id and its trace. */
export function createOutgoing(): Outgoing {
  const agent = new Agent({
    connections: maxConnections,
    connect: { timeout: connectTimeoutMs },
    // One deadline bounds the whole call; undici's own are per step and coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async call(scope, call) {
      const url = URL.parse(call.baseUrl.replace(/\/+$/, '') + call.path);
      if (url === null) throw new CallFailed('unavailable', { template: call.template, cause: 'no such base URL' });
      const span = spanOf(scope, call, url);
      const inSpan = span === null ? scope.trace : trace.setSpan(scope.trace, span);
      try {
        const answer = await exchange(agent, { call, url, scope, trace: inSpan });
        span?.setAttribute('http.response.status_code', answer.status);
        if (span !== null && answer.status >= 400) markFailed(span, String(answer.status));
        return answer;
      } catch (error) {
        if (span !== null) markFailed(span, error instanceof CallFailed ? error.code : 'error');
        throw error;
      } finally {
        span?.end();
      }
    },
    close: () => agent.close(),
  };
}

interface Exchange {
  call: Call;
  url: URL;
  scope: Scope;
  trace: Context;
}

async function exchange(agent: Agent, { call, url, scope, trace: inSpan }: Exchange): Promise<Answer> {
  using deadline = startDeadline(call, scope);
  try {
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: call.method,
      headers: headersOf(call, scope, inSpan),
      body: call.json === undefined ? null : JSON.stringify(call.json),
      signal: deadline.signal,
    });
    return { status: response.statusCode, headers: response.headers, body: await textOf(response) };
  } catch (cause) {
    throw new CallFailed(deadline.passed() ?? 'unavailable', { template: call.template, cause });
  }
}

function headersOf(call: Call, scope: Scope, inSpan: Context): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(call.json !== undefined && { 'content-type': 'application/json' }),
    ...call.headers,
    'x-request-id': scope.requestId,
  };
  propagation.inject(inSpan, headers);
  // Where tracing is off nothing was injected: the caller's own goes on as it came.
  const traceparent = traceparentOf(inSpan);
  if (traceparent !== null) headers['traceparent'] ??= traceparent;
  return headers;
}

/** @throws Error when the answer is larger than it may be */
async function textOf({ body }: Dispatcher.ResponseData): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBodyBytes) throw new Error(`an answer of more than ${maxBodyBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

interface Deadline extends Disposable {
  signal: AbortSignal;
  /** What ended the call, if it was this. */
  passed(): 'timeout' | 'client-gone' | null;
}

// `AbortSignal.any([signal, AbortSignal.timeout(ms)])` in short, but its timer would live on after a call that took 3 ms.
function startDeadline({ timeoutMs, outlivesClient = false }: Call, scope: Scope): Deadline {
  const controller = new AbortController();
  let passed: 'timeout' | 'client-gone' | null = null;
  const end = (why: 'timeout' | 'client-gone'): void => {
    passed ??= why;
    controller.abort();
  };
  const gone = (): void => end('client-gone');
  const timer = setTimeout(end, timeoutMs, 'timeout');
  const client = outlivesClient ? null : scope.signal;
  if (client?.aborted) gone();
  client?.addEventListener('abort', gone, { once: true });
  return {
    signal: controller.signal,
    passed: () => passed,
    [Symbol.dispose]() {
      clearTimeout(timer);
      client?.removeEventListener('abort', gone);
    },
  };
}

/** Attributes: the stable HTTP semantic conventions of a client. Null where nobody records it. */
function spanOf(
  scope: Scope,
  { method, template }: Call,
  { origin, hostname, port, protocol, pathname }: URL,
): Span | null {
  return callSpan(scope, `${method} ${template}`, {
    'http.request.method': method,
    'url.full': origin + pathname,
    'url.template': template,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  });
}
