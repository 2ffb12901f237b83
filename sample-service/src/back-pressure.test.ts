import { describe, expect, test } from 'vitest';
import { Semaphore, type After } from './back-pressure.ts';

const alive = { signal: new AbortController().signal };
const never: After = () => () => {};
const forever = (): Promise<never> => new Promise(() => {});

describe('a semaphore', () => {
  test('lets in as many as there are places, and refuses who finds the queue full', async () => {
    const semaphore = new Semaphore('kitchen', { places: 2, maxWaiting: 1, maxWaitMs: 100 }, never);
    for (let guest = 0; guest < 3; guest++) void semaphore.run(alive, forever);
    expect([semaphore.inside, semaphore.waiting]).toEqual([2, 1]);
    await expect(semaphore.run(alive, forever)).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterSeconds: 1,
      message: 'Too many requests wait for the kitchen.',
    });
  });

  test('refuses who has waited for as long as one may', async () => {
    let elapse = (): void => {};
    const after: After = (delayMs, run) => {
      expect(delayMs).toBe(100);
      elapse = run;
      return () => {};
    };
    const semaphore = new Semaphore('kitchen', { places: 1, maxWaiting: 1, maxWaitMs: 100 }, after);
    void semaphore.run(alive, forever);
    const waiting = semaphore.run(alive, forever);
    elapse();
    await expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
    expect(semaphore.waiting).toBe(0);
  });

  test('forgets a client that has gone, so that the next one moves up', async () => {
    const semaphore = new Semaphore('kitchen', { places: 1, maxWaiting: 1, maxWaitMs: Infinity }, never);
    void semaphore.run(alive, forever);
    const client = new AbortController();
    const waiting = semaphore.run(client, forever);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client-gone' });
    void semaphore.run(alive, forever);
    expect(semaphore.waiting).toBe(1);
  });

  test('a client that had gone before does not even queue', async () => {
    const semaphore = new Semaphore('kitchen', { places: 1, maxWaiting: 1, maxWaitMs: Infinity }, never);
    void semaphore.run(alive, forever);
    await expect(semaphore.run({ signal: AbortSignal.abort() }, forever)).rejects.toMatchObject({
      code: 'client-gone',
    });
  });

  test('work that fails gives its place back', async () => {
    const semaphore = new Semaphore('kitchen', { places: 1, maxWaiting: 0, maxWaitMs: 0 }, never);
    const failing = semaphore.run(alive, () => Promise.reject(new Error('burnt')));
    await expect(failing).rejects.toThrow('burnt');
    await expect(semaphore.run(alive, () => Promise.resolve('done'))).resolves.toBe('done');
  });

  test('new places are taken at once by those who wait', () => {
    const semaphore = new Semaphore('kitchen', { places: 1, maxWaiting: 5, maxWaitMs: 100 }, never);
    for (let guest = 0; guest < 4; guest++) void semaphore.run(alive, forever);
    semaphore.setLimits({ places: 3, maxWaiting: 5, maxWaitMs: 100 });
    expect([semaphore.inside, semaphore.waiting]).toEqual([3, 1]);
  });
});
