import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Semaphore, type After } from './back-pressure.ts';

/** Simulated time: timers run when time is moved past them, the earliest first. */
class Time {
  nowMs = 0;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();

  readonly after: After = (delayMs, run) => {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get pending(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((one, other) => one.atMs - other.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }
}

type Fate = 'waiting' | 'inside' | 'done' | 'failed' | 'overloaded' | 'client-gone';

interface Visitor {
  fate: Fate;
  leave(outcome: 'done' | 'failed'): void;
  client: AbortController;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
};

function visit(semaphore: Semaphore, entered: Visitor[]): Visitor {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = new AbortController();
  const visitor: Visitor = {
    fate: 'waiting',
    client,
    leave: (outcome) => (outcome === 'done' ? resolve() : reject(new Error('work failed'))),
  };
  const work = (): Promise<void> => {
    visitor.fate = 'inside';
    entered.push(visitor);
    return promise;
  };
  semaphore.run({ signal: client.signal }, work).then(
    () => (visitor.fate = 'done'),
    (error: { code?: Fate }) => (visitor.fate = error.code ?? 'failed'),
  );
  return visitor;
}

const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('arrive' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('done' as const, 'failed' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('places' as const), places: fc.integer({ min: 1, max: 5 }) }) },
);
/** Events of one batch happen before anybody gets to react. */
const history = fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 40 });

test('never more inside than places, first come first served, and no place is lost whatever races', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.record({
        places: fc.integer({ min: 1, max: 4 }),
        maxWaiting: fc.nat(5),
        maxWaitMs: fc.constantFrom(0, 25, 50),
      }),
      async (batches, limits) => {
        const time = new Time();
        const semaphore = new Semaphore('thing', limits, time.after);
        const all: Visitor[] = [];
        const entered: Visitor[] = [];
        const withFate = (fate: Fate): Visitor[] => all.filter((visitor) => visitor.fate === fate);
        let places = limits.places;
        let most = limits.places;

        for (const batch of batches) {
          const inside = withFate('inside');
          for (const step of batch) {
            if (step.kind === 'arrive') all.push(visit(semaphore, entered));
            else if (step.kind === 'pass') time.pass(step.ms);
            else if (step.kind === 'abort') all[step.which % all.length]?.client.abort();
            else if (step.kind === 'places') {
              places = step.places;
              most = Math.max(most, places);
              semaphore.setLimits({ ...limits, places });
            } else inside[step.which % inside.length]?.leave(step.kind);
          }
          await settle();
          expect(semaphore.inside).toBe(withFate('inside').length);
          expect(semaphore.inside).toBeLessThanOrEqual(most);
          expect(semaphore.waiting).toBe(withFate('waiting').length);
          expect(semaphore.waiting).toBeLessThanOrEqual(limits.maxWaiting);
          // Nobody waits beside a free place, and nobody's timer outlives the wait.
          if (semaphore.waiting > 0) expect(semaphore.inside).toBeGreaterThanOrEqual(places);
          expect(time.pending).toBe(semaphore.waiting);
          most = Math.max(places, semaphore.inside);
        }
        expect(entered).toEqual(all.filter((visitor) => entered.includes(visitor)));

        // In the end everybody leaves, and every place is there again.
        while (withFate('inside').length > 0) {
          for (const visitor of withFate('inside')) visitor.leave('done');
          await settle();
        }
        expect([semaphore.inside, semaphore.waiting, time.pending]).toEqual([0, 0, 0]);
        const next = Array.from({ length: places }, () => visit(semaphore, entered));
        await settle();
        expect(next.map(({ fate }) => fate)).toEqual(next.map(() => 'inside'));
      },
    ),
    { numRuns: 300 },
  );
});
