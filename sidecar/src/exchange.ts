/** One request and its answer: what each stage learns about it, and the ports through which it reaches both sides. */
import type { Refusal } from './refusals.ts';
import type { RouteState } from './route-state.ts';
import { UNCOUNTED } from './rules/circuit.ts';
import type { QueueNode } from './rules/limiter.ts';
import type { Evaluation } from './rules/evaluation.ts';
import type { OutcomeKind } from './rules/verdict.ts';
import type { SpanEvent } from './span-record.ts';
import type { RequestHead } from './wire/request-head.ts';

/** A stage lets the exchange go on. */
export const PASS = 0;
/** A stage keeps the exchange and resumes or refuses it later. */
export const WAIT = 1;
export type Decision = typeof PASS | typeof WAIT | Refusal;

/** A step that every exchange takes in the order of the list it stands in. Synchronous; allocates nothing when it passes. */
export interface Stage {
  readonly name: string;
  enter(exchange: Exchange): Decision;
  /** The exchange that passed here has ended. Called once, in reverse order of entering. */
  settle?(exchange: Exchange): void;
  /** The exchange that waited here goes on: a last look before it does. */
  resumed?(exchange: Exchange): typeof PASS | Refusal;
  /** The exchange that waits here has ended before its turn. */
  leave?(exchange: Exchange): void;
}

/** A deadline that may be moved at any time. The one who made it is told when it has passed. */
export interface Alarm {
  /** Rings at `atMs` (monotonic) or up to one tick of the timer wheel later. */
  set(atMs: number): void;
  clear(): void;
  /** Clears it for good, and leaves nothing of it behind. */
  remove(): void;
}

/** The client's connection, as far as an exchange may use it. */
export interface ClientSide {
  /** IP address of the peer; empty when unknown. */
  readonly address: string;
  /** All of the request has been taken. */
  readonly requestComplete: boolean;
  /** The deadline of the exchange that this connection carries. */
  readonly alarm: Alarm;
  /** The bytes of the request's body that have come and were not taken yet; null when there are none. */
  takeBody(): Buffer | null;
  /** The service takes bytes again. */
  resumeReading(): void;
  /** False: stop until told to go on, by `UpstreamSide.resume` or, after the last byte, by `flushed`. */
  write(data: string | Buffer): boolean;
  /** May the connection carry another request after this one, as far as the request's side can tell? */
  readonly persists: boolean;
  /** All that was written has been handed to the system. */
  readonly isFlushed: boolean;
  /** The answer's last byte has gone: on to the next request, or close. */
  answered(persist: boolean): void;
  /** From here on everything that comes belongs to the tunnel. */
  openTunnel(): void;
  /** In a tunnel: the service has ended its direction. */
  endTunnel(): void;
  /** The answer cannot be completed: close without an end that looks like one. */
  cut(): void;
}

/** The service's connection, as far as an exchange may use it. */
export interface UpstreamSide {
  /** It carried another request before this one. */
  readonly reused: boolean;
  /** False: stop until `ClientSide.resumeReading`. */
  send(exchange: Exchange, message: string): boolean;
  /** False: stop until `ClientSide.resumeReading`. */
  write(data: string | Buffer): boolean;
  /** In a tunnel: the client has ended its direction. */
  end(): void;
  /** Its answer waits for the client to take more. */
  readonly isHeldBack: boolean;
  /** The client takes bytes again. */
  resume(): void;
  /** Ends the part of this exchange; the connection goes back to the pool if it can, or is closed. */
  release(reusable: boolean): void;
}

/** Where connections to the service come from. */
export interface Pool {
  /** An idle connection that looks alive, or a new one. */
  take(): UpstreamSide;
  /** A new one. */
  connect(): UpstreamSide;
}

/** A flag that was asked for a request, at `atMs` (monotonic). */
export interface AskedFlag {
  key: string;
  evaluation: Evaluation;
  atMs: number;
}

/** What W3C Trace Context says of this request, in and out. */
export interface TraceOfExchange {
  traceId: string;
  /** Id of the server span; also passed on when the request is not sampled. */
  spanId: string;
  /** Id of the client span when sampled; the service sees it as its parent. */
  clientSpanId: string;
  parentSpanId: string | null;
  traceState: string | null;
  sampled: boolean;
  /** The trace id is known to be random (W3C Trace Context Level 2). */
  random: boolean;
}

export class Exchange implements QueueNode<Exchange> {
  next: Exchange | null = null;
  prev: Exchange | null = null;
  enqueuedAtMs = 0;

  readonly client: ClientSide;
  /** Valid until the request was sent on, or refused. */
  readonly head: RequestHead;
  readonly method: string;
  /** As the client wrote it, without the query; `*` for the asterisk-form. */
  readonly path: string;
  readonly clientMinor: number;
  /** Monotonic time (ms): when the head was complete, when the last try was sent, when the final head came (-1: not yet). */
  readonly startMs: number;
  sentMs = -1;
  answeredMs = -1;
  /** Monotonic time (ms) of the event being handled: read once per event, not once per stage. */
  nowMs: number;

  /** Index of the stage that the exchange is in, in the exchange list followed by the attempt list. */
  step = 0;
  route: RouteState;
  trace: TraceOfExchange | null = null;
  /** `Host` of a sampled request. */
  authority: string | null = null;
  /** Kept for a sampled exchange only. */
  events: SpanEvent[] | null = null;
  /** Flags that were asked on the way. Kept for a sampled exchange only. */
  evaluations: AskedFlag[] | null = null;

  /** Carried from the breaker's admission to its verdict. */
  era = UNCOUNTED;
  admittedAtMs = 0;

  upstream: UpstreamSide | null = null;
  /** The whole message, as long as it may be sent again on another connection. */
  replay: string | null = null;
  /** An answer's final head has been passed on, so nothing else can be said. */
  committed = false;
  /** Both sides have switched to another protocol: bytes pass in both directions until both have ended. */
  tunnel = false;
  /** In a tunnel: the client has ended its direction. */
  clientEnded = false;
  /** The answer is complete, save for what the client has not taken yet. */
  answerComplete = false;
  /** The connection carries on after this exchange; settled when the answer's head is written. */
  persists = false;
  bytesIn = 0;
  bytesOut = 0;

  outcome: OutcomeKind | null = null;
  status = 0;
  refusal: Refusal | null = null;
  /** What exactly was wrong; for the problem's `detail`. */
  detail: string | null = null;
  /** How long the refused client had better wait (ms). */
  retryAfterMs = 1000;
  finished = false;

  constructor(client: ClientSide, head: RequestHead, start: ExchangeStart) {
    this.client = client;
    this.head = head;
    this.method = start.method;
    this.path = start.path;
    this.clientMinor = head.minor;
    this.route = start.route;
    this.startMs = start.nowMs;
    this.nowMs = start.nowMs;
  }

  /** Path and query as the client wrote them. Valid as long as `head` is. */
  get target(): string {
    const { bytes, pathStart, targetEnd } = this.head;
    return bytes.toString('latin1', pathStart, targetEnd);
  }

  /** Combined value of a request field by its lower-case name; for route matches. */
  header(lowerCaseName: string): string | null {
    return this.head.combined(lowerCaseName);
  }
}

export interface ExchangeStart {
  method: string;
  path: string;
  route: RouteState;
  nowMs: number;
}
