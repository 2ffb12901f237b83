import { OperatorProcess } from '../support/operator-process.ts';
import { until } from '../support/until.ts';

interface Slot {
  serve: number;
  relay: number;
  /** null: it is dead. */
  process: OperatorProcess | null;
  isReady: boolean;
}

/** Two replicas, each with ports of its own, that may be killed and started again. */
export class Operators {
  readonly slots: readonly Slot[];
  readonly #args: readonly string[];
  #turn = 0;

  /** `args`: of every replica. `ports`: a multiple of two. */
  constructor(args: readonly string[], ports: readonly number[]) {
    this.#args = args;
    this.slots = ports.flatMap((serve, index) => {
      return index % 2 === 1 ? [] : [{ serve, relay: ports[index + 1]!, process: null, isReady: false }];
    });
  }

  /** The port of a replica that is ready, one after the other; null: there is none. */
  readonly next = (): number | null => {
    const ready = this.slots.filter(({ isReady }) => isReady);
    this.#turn += 1;
    return ready.length === 0 ? null : ready[this.#turn % ready.length]!.serve;
  };

  /** Is this the replica that writes, by its own words? */
  writes({ process }: Slot): boolean {
    const last = process?.lines.findLast(({ message }) => message.startsWith('this replica writes'));
    return last?.message === 'this replica writes';
  }

  /** Starts what is dead; resolves when all are ready. */
  async startAll(): Promise<void> {
    const dead = this.slots.filter(({ process }) => process === null);
    await Promise.all(dead.map((slot) => this.start(slot)));
  }

  async start(slot: Slot): Promise<void> {
    const process = new OperatorProcess([
      ...this.#args,
      ...['--serve', `127.0.0.1:${slot.serve}`, '--relay', `127.0.0.1:${slot.relay}`, '--advertise', '127.0.0.1'],
      ...['--webhook', 'none', '--admin', '127.0.0.1:0'],
    ]);
    slot.process = process;
    const isReady = async (): Promise<boolean> => {
      const answer = process.ask('/readyz').catch(() => ({ status: 0 }));
      return slot.process !== process || (await answer).status === 200;
    };
    await until('a replica is ready', isReady, 60_000);
    slot.isReady = slot.process === process;
  }

  async kill(slot: Slot): Promise<void> {
    const { process } = slot;
    slot.process = null;
    slot.isReady = false;
    await process?.[Symbol.asyncDispose]();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.slots.map((slot) => this.kill(slot)));
  }
}
