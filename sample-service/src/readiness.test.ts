import { expect, test } from 'vitest';
import type { Database } from './database/database.ts';
import { createReadiness } from './readiness.ts';
import { backgroundScope } from './scope.ts';
import { ServiceError } from './service-error.ts';

const scope = backgroundScope('test');

function readinessWith(rows: () => Promise<never[]>) {
  const timers: (() => void)[] = [];
  const readiness = createReadiness({ rows } as unknown as Database, (_delayMs, run) => {
    timers.push(run);
    return () => {};
  });
  return { readiness, timers };
}

test('it is ready while the database answers', async () => {
  expect(await readinessWith(() => Promise.resolve([])).readiness.whyNot(scope)).toBeNull();
});

test.each([
  ['a database that is away', new ServiceError('database-unavailable', 'away'), 'The database does not answer.'],
  ['a database that fails', new Error('out of order'), 'The database does not answer.'],
  ['a database too busy for one more query', new ServiceError('overloaded', 'busy'), null],
])('%s', async (_name, error, reason) => {
  expect(await readinessWith(() => Promise.reject(error)).readiness.whyNot(scope)).toBe(reason);
});

test('a database that says nothing is not waited for', async () => {
  const { readiness, timers } = readinessWith(() => new Promise(() => {}));
  const answer = readiness.whyNot(scope);
  timers[0]!();
  expect(await answer).toBe('The database does not answer in time.');
});

test('it is not ready while it stops, whatever the database says', async () => {
  const { readiness } = readinessWith(() => Promise.resolve([]));
  readiness.stopping();
  expect(await readiness.whyNot(scope)).toBe('The service is stopping.');
});
