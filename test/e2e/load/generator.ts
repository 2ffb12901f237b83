/**
 * Steady load, as a process of its own: in a pod, where everything that other clients meet is met too. It imports nothing but Node, so that
 * this one file is the whole program. Each client sends its next request a while after the last answer, so that a machine with much to do
 * sees fewer requests, not a heap of them. Failures are told at once, each in a line of JSON; SIGUSR2 ends it, once the last answers have
 * come, with the sum in the last line.
 */
import { request as httpRequest, Agent } from 'node:http';
import { env } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

/** What became of all requests. */
export interface LoadSum {
  sent: number;
  failed: number;
  /** Answers by status. */
  statuses: Record<string, number>;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** A request that did not get what it asked for. */
export interface LoadFailure {
  /** ISO time at which it was sent. */
  sentAt: string;
  /** From there to the failure (ms). */
  afterMs: number;
  request: string;
  /** `kept`: over connections that are used again; `fresh`: over one of its own. */
  connection: 'kept' | 'fresh';
  what: string;
}

interface Kind {
  method: 'GET' | 'POST';
  path: (turn: number) => string;
  right: readonly number[];
  body?: (turn: number) => string;
}

const target = new URL(env['TARGET']!);
const clients = Number(env['CLIENTS']);
/** Between an answer and the client's next request (ms). */
const pauseMs = Number(env['PAUSE_MS']);
const patienceMs = 30_000;
const prefix = `load-${Date.now().toString(36)}`;

const list: Kind = { method: 'GET', path: (turn) => `/users?limit=5&offset=${turn % 3}`, right: [200] };
/** The route whose flag is edited meanwhile: both answers are right. */
const gated: Kind = { method: 'GET', path: () => '/api/profiles', right: [200, 404] };
const create: Kind = {
  method: 'POST',
  path: () => '/users',
  right: [201],
  body: (turn) => JSON.stringify({ email: `${prefix}-${turn}@example.org`, password: 'a long enough password' }),
};
const kindOf = (turn: number): Kind => (turn % 60 === 7 ? create : turn % 3 === 0 ? gated : list);

const statuses: Record<string, number> = {};
const times: number[] = [];
let [sent, failed] = [0, 0];
const end = new AbortController();

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Resolves with what is wrong; null: it was answered as it should be. */
function ask(kind: Kind, turn: number, agent: Agent | false): Promise<string | null> {
  const { method, path, right, body } = kind;
  const text = body?.(turn);
  return new Promise((resolve) => {
    const asking = httpRequest(new URL(path(turn), target), {
      method,
      agent,
      headers:
        text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    });
    asking.setTimeout(patienceMs, () => asking.destroy(new Error(`no answer within ${patienceMs / 1000} s`)));
    asking.on('error', (error: Error & { code?: string }) => {
      resolve(`${error.code ?? ''} ${error.message}${asking.reusedSocket ? ' (used before)' : ''}`.trim());
    });
    asking.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      let answer = '';
      response.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
      response.on('error', (error) => resolve(`cut: ${error.message}`));
      response.on('end', () => {
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
        if (right.includes(statusCode)) resolve(null);
        else resolve(`${statusCode} ${String(headers['fusebox-reason'] ?? '')} ${answer.slice(0, 300)}`);
      });
    });
    asking.end(text);
  });
}

async function one(turn: number, agent: Agent | false): Promise<void> {
  const kind = kindOf(turn);
  const sentAt = new Date().toISOString();
  const startMs = performance.now();
  const what = await ask(kind, turn, agent);
  const afterMs = Math.round((performance.now() - startMs) * 10) / 10;
  times.push(afterMs);
  if (what === null) return;
  failed++;
  const connection = agent === false ? 'fresh' : 'kept';
  const failure: LoadFailure = { sentAt, afterMs, request: `${kind.method} ${kind.path(turn)}`, connection, what };
  say({ failure });
}

/** `agent`: of this client alone; false: a new connection for each request. */
async function client(agent: Agent | false): Promise<void> {
  while (!end.signal.aborted) {
    await one(sent++, agent);
    await pause(pauseMs);
  }
  if (agent !== false) agent.destroy();
}

function sum(): LoadSum {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { sent, failed, statuses, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

process.once('SIGUSR2', () => end.abort());
say({ started: target.href });
const agentOf = (index: number): Agent | false => index % 2 === 0 && new Agent({ keepAlive: true, maxSockets: 1 });
await Promise.all(Array.from({ length: clients }, (_none, index) => client(agentOf(index))));
say({ sum: sum() });
