import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Value from 'typebox/value';
import { Faults, isFaulty } from './faults.ts';

/** A call of the service that is stood in for. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Answered {
  status: number;
  headers?: Record<string, string>;
  body: object;
}

/** What `GET /stats` tells (counts). */
export interface Stats {
  calls: number;
  /** Of the calls, those that met a fault. */
  faulty: number;
}

/** A small service that stands in for one of the outside world: `PUT /faults` makes it misbehave, `GET /stats` tells what it got. */
export interface StandIn {
  readonly url: string;
  faults: Faults;
  readonly stats: Stats;
  /** Of the newest calls, oldest first. */
  readonly newest: readonly Asked[];
  close(): Promise<void>;
}

/** Where one listens. */
export interface Place {
  /** 0: any free one. Default 0. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
}

interface StandInOptions extends Place {
  /** Does what is asked. */
  answer: (asked: Asked) => Answered;
}

const kept = 100;
const pieces = 8;

/** Starts one and waits until it listens. */
export async function startStandIn({ port = 0, host = '127.0.0.1', answer }: StandInOptions): Promise<StandIn> {
  const stats: Stats = { calls: 0, faulty: 0 };
  const newest: Asked[] = [];
  const closing = new AbortController();
  const server = createServer((request, response) => {
    void textOf(request).then(
      (body) => serve({ method: request.method!, path: request.url!, headers: request.headers, body }, response),
      () => response.destroy(), // the caller went away while it spoke
    );
  }).listen(port, host);
  await once(server, 'listening');

  const standIn = {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    faults: Value.Create(Faults),
    stats,
    newest,
    async close() {
      closing.abort();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function serve(asked: Asked, response: ServerResponse): Promise<void> {
    if (asked.path === '/faults') return send(response, switchFaults(standIn, asked));
    if (asked.path === '/stats') return send(response, { status: 200, body: stats });
    if (newest.push(asked) > kept) newest.shift();
    stats.calls++;
    const { mode, share, delay_ms: delayMs } = standIn.faults;
    if (mode === 'none' || !isFaulty(stats.calls, share)) return send(response, answer(asked));
    stats.faulty++;
    if (mode === 'failing') return send(response, { status: 500, body: { detail: 'This stand-in fails on request.' } });
    const answered = answer(asked);
    if (mode === 'resetting') return void response.socket?.resetAndDestroy();
    if (mode === 'slow') await pause(delayMs).then(() => send(response, answered));
    if (mode === 'dripping') await drip(response, answered, () => pause(delayMs));
  }
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: closing.signal }).catch(() => {});
  return standIn;
}

function switchFaults(standIn: { faults: Faults }, { method, body }: Asked): Answered {
  if (method === 'PUT') {
    const faults: unknown = Value.Default(Faults, parsed(body));
    if (!Value.Check(Faults, faults)) {
      const [first] = Value.Errors(Faults, faults);
      return {
        status: 400,
        body: { detail: `${first?.instancePath ?? ''} ${first?.message ?? 'is not JSON'}`.trim() },
      };
    }
    standIn.faults = faults;
  }
  return { status: 200, body: standIn.faults };
}

function send(response: ServerResponse, { status, headers, body }: Answered): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function drip(
  response: ServerResponse,
  { status, headers, body }: Answered,
  pause: () => Promise<void>,
): Promise<void> {
  const whole = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': whole.length, ...headers });
  response.flushHeaders();
  const size = Math.ceil(whole.length / pieces);
  for (let at = 0; at < whole.length && !response.destroyed; at += size) {
    await pause();
    response.write(whole.subarray(at, at + size));
  }
  response.end();
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += String(piece);
  return text;
}

/** Undefined: it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
