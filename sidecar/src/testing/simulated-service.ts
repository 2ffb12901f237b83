import type { FakeStream } from './fake-stream.ts';

/** A request as the service got it. */
export interface ServedRequest {
  method: string;
  target: string;
  /** Field lines in order, as they came. */
  lines: string[];
  body: string;
  /** The connection's number, in the order of acceptance. */
  connection: number;
}

/** How the service answers one request. */
export interface Behaviour {
  /** Until it does anything (ms). Default 0. */
  afterMs?: number;
  /** `answer` (default), nothing at all, or a reset instead of an answer. */
  act?: 'answer' | 'hang' | 'reset';
  status?: number;
  /** Default: the target. */
  body?: string;
  /** More field lines. */
  lines?: string[];
  /** Bytes of the answer after which it is cut by a reset. */
  cutAfter?: number;
  /** Raw bytes instead of an answer. */
  raw?: string;
  /** After the answer the connection is a tunnel: takes what comes on it. */
  tunnel?: (stream: FakeStream) => (text: string) => void;
}

/** A service whose behaviour the test decides, request by request. */
export class SimulatedService {
  readonly requests: ServedRequest[] = [];
  /** How the next requests are answered; asked for each. */
  behave: (request: ServedRequest) => Behaviour = () => ({});
  /** Leaves its own direction open when the sidecar has ended. */
  staysOpen = false;
  /** Reads what is sent to it, on connections from now on. */
  reads = true;
  /** Sent when a head has come, before the body. */
  atHead: string | null = null;
  /** New connections are refused. */
  refusing = false;
  /** Requests being worked on (count), and the most there were at once. */
  working = 0;
  mostAtOnce = 0;
  /** Connections that are open (count). */
  open = 0;
  /** Connections that have become tunnels, and what takes their bytes. */
  private readonly tunnelling = new Map<FakeStream, (text: string) => void>();
  private readonly after: (delayMs: number, run: () => void) => void;
  private connections = 0;

  constructor(after: (delayMs: number, run: () => void) => void) {
    this.after = after;
  }

  accept(stream: FakeStream, client: FakeStream): void {
    if (this.refusing) {
      this.after(0, () => {
        client.emit('error', new Error('connect ECONNREFUSED'));
        client.destroy();
      });
      return;
    }
    const connection = this.connections++;
    let unread = '';
    this.open++;
    this.after(0, () => client.emit('connect'));
    if (!this.reads) stream.pause();
    let greeted = false;
    stream.on('data', (bytes: Buffer) => {
      const tunnelled = this.tunnelling.get(stream);
      if (tunnelled !== undefined) {
        tunnelled(bytes.toString('latin1'));
        return;
      }
      unread += bytes.toString('latin1');
      if (this.atHead !== null && !greeted && unread.includes('\r\n\r\n')) {
        greeted = true;
        stream.write(this.atHead);
      }
      for (let request = parse(unread); request !== null; request = parse(unread)) {
        unread = request.rest;
        this.serve({ ...request, connection }, stream);
      }
    });
    stream.on('end', () => {
      if (!this.staysOpen) stream.end();
    });
    stream.on('close', () => {
      this.open--;
    });
  }

  private serve(request: ServedRequest, stream: FakeStream): void {
    this.requests.push(request);
    const behaviour = this.behave(request);
    this.working++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.working);
    let done = false;
    const finish = (): void => {
      if (!done) this.working--;
      done = true;
    };
    stream.on('close', finish);
    if (behaviour.act === 'hang') return;
    this.after(behaviour.afterMs ?? 0, () => {
      if (done) return;
      finish();
      if (behaviour.tunnel !== undefined) this.tunnelling.set(stream, behaviour.tunnel(stream));
      answer(request, behaviour, stream);
    });
  }
}

function answer(request: ServedRequest, behaviour: Behaviour, stream: FakeStream): void {
  const { act, status = 200, body = request.target, lines = [], cutAfter, raw } = behaviour;
  if (act === 'reset') {
    stream.resetAndDestroy();
    return;
  }
  const head = [`HTTP/1.1 ${status} Status`, `Content-Length: ${body.length}`, ...lines].join('\r\n');
  const message = raw ?? `${head}\r\n\r\n${request.method === 'HEAD' ? '' : body}`;
  stream.write(cutAfter === undefined ? message : message.slice(0, cutAfter));
  if (cutAfter !== undefined) stream.resetAndDestroy();
}

function parse(text: string): (Omit<ServedRequest, 'connection'> & { rest: string }) | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [requestLine, ...lines] = text.slice(0, headEnd).split('\r\n');
  const [method, target] = requestLine!.split(' ');
  const length = Number(lines.find((line) => /^content-length:/i.test(line))?.split(':')[1] ?? 0);
  const body = text.slice(headEnd + 4, headEnd + 4 + length);
  if (body.length < length) return null;
  return { method: method!, target: target!, lines, body, rest: text.slice(headEnd + 4 + length) };
}
