import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function record(level: 'debug' | 'info' | 'warn' | 'error', ofAll = {}) {
  const lines: unknown[] = [];
  const log = createLog(
    (line) => lines.push(JSON.parse(line)),
    () => level,
    () => 0,
    ofAll,
  );
  return { log, lines };
}

test('a line is JSON with its time, its level and what belongs to all lines', () => {
  const { log, lines } = record('info', { worker: 2 });
  log.info('listening', { port: 80 });
  const time = '1970-01-01T00:00:00.000Z';
  expect(lines).toEqual([{ time, level: 'info', message: 'listening', worker: 2, port: 80 }]);
});

test('what is below the level is not written', () => {
  const { log, lines } = record('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines).toMatchObject([{ message: 'c' }, { message: 'd' }]);
});

test('an error is written with its code, its stack and its cause', () => {
  const { log, lines } = record('info');
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  log.error('failed', { error: new Error('no connection', { cause }) });
  const stack = expect.stringContaining('log.test.ts') as string;
  const error = { message: 'no connection', stack, cause: { message: 'refused', code: 'ECONNREFUSED', stack } };
  expect(lines).toMatchObject([{ error }]);
});
