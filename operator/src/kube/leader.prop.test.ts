import type { Clock, Timers } from '@fusebox/api/clock.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeLeaseServer } from '../testing/fake-lease-server.ts';
import { FakeTime } from '../testing/fake-time.ts';
import { Election } from './leader.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** How far the clocks of two machines drift apart at most, as a share. The times of the Lease allow a third. */
const DRIFT = { min: 0.86, max: 1.16, noNaN: true };

interface Machine {
  offsetMs: number;
  rate: number;
}

/** A candidate on a machine of its own: with its own clock, and a network that loses and delays. */
class Candidate implements Clock, Timers {
  readonly election: Election;
  readonly told: boolean[] = [];
  alive = true;
  /** Is its process held still? What comes in meanwhile waits. */
  frozen = false;
  cut: 'no' | 'requests' | 'answers' = 'no';
  latencyMs = 1;
  readonly #time: FakeTime;
  readonly #machine: Machine;
  #backlog: (() => void)[] = [];

  constructor(name: string, { time, server, machine }: { time: FakeTime; server: FakeLeaseServer; machine: Machine }) {
    this.#time = time;
    this.#machine = machine;
    this.election = new Election({
      client: server.client((request) => this.#carry(request)),
      lease: { namespace: 'fusebox-system', name: 'fusebox-operator' },
      identity: name,
      address: `${name}:1`,
      clock: this,
      timers: this,
      random: () => 0.5,
      log: quiet,
      onLeading: (leading) => this.told.push(leading),
    });
    this.election.start();
  }

  readonly nowMs = (): number => this.#machine.offsetMs + this.#time.nowMs() * this.#machine.rate;
  readonly wallMs = (): number => 1_767_225_600_000 + this.nowMs();
  readonly after = (delayMs: number, run: () => void): (() => void) =>
    this.#time.after(delayMs / this.#machine.rate, () => this.#deliver(run));

  freeze(frozen: boolean): void {
    this.frozen = frozen;
    if (frozen) return;
    const waiting = this.#backlog;
    this.#backlog = [];
    for (const run of waiting) this.#deliver(run);
  }

  #deliver(run: () => void): void {
    if (this.frozen) this.#backlog.push(run);
    else if (this.alive) run();
  }

  #carry<T>(request: () => T): Promise<T> {
    const { latencyMs } = this;
    return new Promise((resolve, reject) => {
      this.#time.after(latencyMs, () => {
        if (this.cut === 'requests') return;
        let answer: () => void;
        try {
          const value = request();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        if (this.cut === 'no') this.#time.after(latencyMs, () => this.#deliver(answer));
      });
    });
  }
}

const step = fc.record({
  waitMs: fc.constantFrom(0, 1, 700, 1_999, 2_000, 5_000, 9_999, 10_001, 14_000, 16_000),
  /** 3 and above: whoever leads now, since little happens to the others that matters. */
  who: fc.nat(6),
  what: fc.constantFrom(
    'nothing',
    'kill',
    'stop',
    'freeze',
    'thaw',
    'loseRequests',
    'loseAnswers',
    'heal',
    'slow',
    'fast',
  ),
});
const machine = fc.record({ offsetMs: fc.integer({ min: 0, max: 1e9 }), rate: fc.double(DRIFT) });

async function act(candidate: Candidate, what: string): Promise<void> {
  if (what === 'kill') candidate.alive = false;
  if (what === 'stop') await Promise.race([candidate.election.stop(), Promise.resolve()]);
  if (what === 'freeze' || what === 'thaw') candidate.freeze(what === 'freeze');
  if (what === 'loseRequests') candidate.cut = 'requests';
  if (what === 'loseAnswers') candidate.cut = 'answers';
  if (what === 'heal') candidate.cut = 'no';
  if (what === 'slow') candidate.latencyMs = 1_200;
  if (what === 'fast') candidate.latencyMs = 1;
}

test('never do two lead at once, and whoever leads is the holder', async () => {
  const reached = { leaders: 0, handovers: 0, settled: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(machine, { minLength: 2, maxLength: 3 }),
      fc.array(step, { maxLength: 30, size: 'max' }),
      async (machines, steps) => {
        const time = new FakeTime();
        const server = new FakeLeaseServer();
        const candidates = machines.map((own, index) => new Candidate(`c${index}`, { time, server, machine: own }));
        const ended = new Set<Candidate>();
        let last: Candidate | undefined;
        const check = (): void => {
          const leading = candidates.filter(({ alive, election }) => alive && election.leads);
          expect(leading.length).toBeLessThanOrEqual(1);
          const [leader] = leading;
          if (leader === undefined) return;
          expect(candidates.indexOf(leader)).toBe(Number(server.holder?.slice(1)));
          reached.leaders += 1;
          if (last !== undefined && last !== leader) reached.handovers += 1;
          last = leader;
        };
        const pass = async (byMs: number): Promise<void> => {
          for (let leftMs = byMs; leftMs >= 0; leftMs -= 500) {
            await time.pass(Math.min(leftMs, 500));
            check();
          }
        };
        await pass(100);
        for (const { waitMs, who, what } of steps) {
          const leader = candidates.find(({ alive, election }) => alive && election.leads);
          const target = (who >= 3 ? leader : undefined) ?? candidates[who % candidates.length]!;
          if (what === 'kill' || what === 'stop') ended.add(target);
          await act(target, what);
          check();
          await pass(waitMs);
        }
        // With everything healed, whoever is left ends up with exactly one leader.
        for (const candidate of candidates) for (const what of ['heal', 'fast', 'thaw']) await act(candidate, what);
        await pass(25_000);
        if (ended.size === candidates.length) return;
        expect(candidates.filter(({ alive, election }) => alive && election.leads)).toHaveLength(1);
        reached.settled += 1;
      },
    ),
    { numRuns: 200 },
  );
  expect(reached.handovers).toBeGreaterThan(10);
  expect(reached.settled).toBeGreaterThan(10);
});

const pair = (): { time: FakeTime; server: FakeLeaseServer; first: Candidate; second: Candidate } => {
  const time = new FakeTime();
  const server = new FakeLeaseServer();
  const even = { offsetMs: 0, rate: 1 };
  const first = new Candidate('c0', { time, server, machine: even });
  const second = new Candidate('c1', { time, server, machine: even });
  return { time, server, first, second };
};

test('a leader that was killed is replaced within 20 s', async () => {
  const { time, first, second } = pair();
  await time.pass(4_000);
  expect([first.election.leads, second.election.leads]).toEqual([true, false]);
  expect(second.election.leader).toEqual({ identity: 'c0', address: 'c0:1' });
  first.alive = false;
  await time.pass(20_000);
  expect(second.election.leads).toBe(true);
});

test('a leader that stops hands over to whoever looks next', async () => {
  const { time, server, first, second } = pair();
  await time.pass(4_000);
  const stopping = first.election.stop();
  expect(first.told).toEqual([true, false]);
  await time.pass(10);
  await stopping;
  expect(server.holder).toBeNull();
  second.election.look();
  await time.pass(10);
  expect(second.election.leads).toBe(true);
  expect(second.told).toEqual([true]);
});

test('a leader that cannot renew says so after 10 s, and leads again when it can before anybody else did', async () => {
  const { time, first, second } = pair();
  await time.pass(4_000);
  first.cut = 'requests';
  await time.pass(10_100);
  expect(first.told).toEqual([true, false]);
  first.cut = 'no';
  await time.pass(4_000);
  expect([first.election.leads, second.election.leads]).toEqual([true, false]);
});
