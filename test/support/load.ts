import { field, type Message } from './message.ts';
import { connect, PeerEnded, type Peer } from './peer.ts';

/** What became of the requests of a load. */
interface Tally {
  /** Whole answers, by status. */
  readonly answers: Map<number, number>;
  /** Requests that were sent and got no whole answer, each with what happened. */
  readonly lost: string[];
}

export interface LoadOptions {
  readonly port: number;
  /** Clients, each with one connection and one request at a time (count). */
  readonly clients: number;
  /** The text of the next request. */
  readonly request: () => string;
  /** A whole answer that is not what was asked for counts as lost. */
  readonly isRight?: (answer: Message) => boolean;
}

export interface Load {
  readonly tally: Tally;
  /** Requests answered so far (count). */
  readonly answered: number;
  /** Each client ends after the answer that it waits for. */
  stop(): Promise<Tally>;
  /** From now on nobody makes a new connection: as when a load balancer has heard that this server is not ready. */
  goElsewhere(): void;
  /** Resolves when every client has ended. */
  readonly ended: Promise<unknown>;
}

/** Clients as they should be: one request after the other, a new connection when an answer says that this one ends. */
export function startLoad({ port, clients, request, isRight = () => true }: LoadOptions): Load {
  const tally: Tally = { answers: new Map(), lost: [] };
  const until = { stopped: false, elsewhere: false };
  let answered = 0;

  /** False when the connection has ended. */
  async function one(peer: Peer): Promise<boolean> {
    // It ended before anything was sent: no request is lost.
    if (peer.ending !== null) return false;
    peer.send(request());
    const message = await peer.message();
    answered++;
    const status = Number(message.start.split(' ')[1]);
    tally.answers.set(status, (tally.answers.get(status) ?? 0) + 1);
    if (!isRight(message)) tally.lost.push(`a wrong answer: ${JSON.stringify(message)}`);
    return field(message, 'connection') !== 'close';
  }

  async function run(): Promise<void> {
    while (!until.stopped && !until.elsewhere) {
      const peer = await connect(port).catch(() => null);
      if (peer === null) return;
      try {
        while (!until.stopped && (await one(peer)));
      } catch (error) {
        tally.lost.push(error instanceof PeerEnded ? error.message : String(error));
      }
      peer.socket.destroy();
    }
  }

  const running = Promise.all(Array.from({ length: clients }, run));
  return {
    tally,
    get answered() {
      return answered;
    },
    async stop() {
      until.stopped = true;
      await running;
      return tally;
    },
    goElsewhere() {
      until.elsewhere = true;
    },
    ended: running,
  };
}
