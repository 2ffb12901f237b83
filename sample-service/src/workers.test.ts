import { expect, test } from 'vitest';
import { silentLog } from './log.ts';
import { fixedSettings } from './settings/live-settings.ts';
import { Supervisor, workerCount, type WorkerProcess } from './workers.ts';

class FakeWorker implements WorkerProcess {
  readonly id: number;
  readonly told: string[] = [];
  killed = false;
  #listening = (): void => {};
  #exit = (_code: number | null, _signal: string | null): void => {};

  constructor(id: number) {
    this.id = id;
  }

  once(event: 'listening' | 'exit', listener: (code: number | null, signal: string | null) => void): void {
    if (event === 'exit') this.#exit = listener;
    else this.#listening = () => listener(null, null);
  }

  send(message: string): void {
    this.told.push(message);
  }

  kill(): void {
    this.killed = true;
  }

  listen(): void {
    this.#listening();
  }

  exit(code: number | null, signal: string | null = null): void {
    this.#exit(code, signal);
  }
}

function supervise(count: number) {
  const workers: FakeWorker[] = [];
  const timers: { delayMs: number; run: () => void }[] = [];
  const exits: number[] = [];
  const clock = { nowMs: 0 };
  const supervisor = new Supervisor({
    count,
    fork() {
      const worker = new FakeWorker(workers.length + 1);
      workers.push(worker);
      return worker;
    },
    stopWithinMs: () => 10_000,
    log: silentLog,
    after(delayMs, run) {
      timers.push({ delayMs, run });
      return () => {};
    },
    nowMs: () => clock.nowMs,
    exit: (code) => exits.push(code),
  });
  return { supervisor, workers, timers, exits, clock };
}

test.each([
  ['auto-io', 8],
  ['auto-cpu', 4],
  [3, 3],
] as const)('on four cores %s workers are %i', (workers, count) => {
  const { current } = fixedSettings({ 'server.workers': workers, 'database.url': 'postgres://localhost/users' });
  expect(workerCount(current, 4)).toBe(count);
});

test('an embedded database has one worker, whatever was asked for', () => {
  expect(workerCount(fixedSettings({ 'server.workers': 3 }).current, 4)).toBe(1);
});

test('a worker that dies is replaced, later and later while that keeps happening', () => {
  const { workers, timers, clock } = supervise(2);
  workers[0]!.listen();
  for (const [death, delayMs] of [100, 200, 400].entries()) {
    workers.at(-1)!.exit(null, 'SIGKILL');
    expect(timers[death]!.delayMs).toBe(delayMs);
    timers[death]!.run();
  }
  expect(workers).toHaveLength(5);

  clock.nowMs += 60_000;
  workers.at(-1)!.exit(1);
  expect(timers.at(-1)!.delayMs).toBe(100);
});

test('workers that never come up end everything, with their exit code', () => {
  const { workers, timers, exits } = supervise(2);
  workers[0]!.exit(64);
  expect(workers[1]!.told).toEqual(['stop']);
  workers[1]!.exit(0);
  expect(exits).toEqual([64]);
  expect([workers.length, timers.length]).toEqual([2, 0]);
});

test('stopping tells every worker once, and ends with the last one', () => {
  const { supervisor, workers, exits } = supervise(2);
  workers.forEach((worker) => worker.listen());
  supervisor.stop('SIGTERM');
  expect(workers.map(({ told }) => told)).toEqual([['stop'], ['stop']]);
  workers[0]!.exit(0);
  expect(exits).toEqual([]);
  workers[1]!.exit(0);
  expect(exits).toEqual([0]);
});

test('a worker that did not finish in time makes the exit code 1', () => {
  const { supervisor, workers, exits } = supervise(2);
  supervisor.stop('SIGTERM');
  workers[0]!.exit(1);
  workers[1]!.exit(0);
  expect(exits).toEqual([1]);
});

test('workers that outstay their time are killed, and all at once at the second signal', () => {
  const patient = supervise(1);
  patient.supervisor.stop('SIGTERM');
  expect(patient.timers[0]!.delayMs).toBe(11_000);
  patient.timers[0]!.run();
  expect(patient.workers[0]!.killed).toBe(true);

  const impatient = supervise(1);
  impatient.supervisor.stop('SIGINT');
  expect(impatient.workers[0]!.killed).toBe(false);
  impatient.supervisor.stop('SIGINT');
  expect(impatient.workers[0]!.killed).toBe(true);
});

test('who dies while all are stopping is not replaced', () => {
  const { supervisor, workers, timers } = supervise(2);
  workers[0]!.listen();
  workers[0]!.exit(1);
  supervisor.stop('SIGTERM');
  timers[0]!.run();
  expect(workers).toHaveLength(2);
});
