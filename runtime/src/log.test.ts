import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import type { LogLevel } from './log.ts';
import { newLogger } from './log.ts';
import type { LogFields, Logger } from './log.ts';

function collecting(level: LogLevel): { log: Logger; lines: LogFields[] } {
  const lines: LogFields[] = [];
  const write = (line: string): void => {
    expect(line).toMatch(/^[^\n]*\n$/);
    lines.push(JSON.parse(line) as LogFields);
  };
  return { log: newLogger({ level, write, wallMs: () => 0 }), lines };
}

test('a line has the time, the level, the message and the fields', () => {
  const { log, lines } = collecting('info');
  log.info('two\nlines', { port: 4140, time: 'kept out' });
  expect(lines).toEqual([{ time: '1970-01-01T00:00:00.000Z', level: 'info', message: 'two\nlines', port: 4140 }]);
});

test.each<[LogLevel, string[]]>([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
])('at level %s what is less important is not written', (level, expected) => {
  const { log, lines } = collecting(level);
  log.debug('');
  log.info('');
  log.warn('');
  log.error('');
  expect(lines.map((line) => line['level'])).toEqual(expected);
});

test('an error is written with code and cause, and with its stack at debug only', () => {
  const error = Object.assign(new Error('no', { cause: new Error('because') }), { code: 'ENO' });
  const info = collecting('info');
  info.log.error('failed', { error });
  expect(info.lines[0]?.['error']).toEqual({ message: 'no', code: 'ENO', cause: { message: 'because' } });
  const debug = collecting('debug');
  debug.log.error('failed', { error });
  expect(debug.lines[0]?.['error']).toMatchObject({ stack: expect.stringContaining('log.test.ts') });
});

test('what JSON cannot hold costs the fields, never the line', () => {
  const { log, lines } = collecting('info');
  const circle: LogFields = {};
  circle['self'] = circle;
  log.warn('round', { circle });
  log.warn('big', { count: 12n });
  const endless = new Error('mine');
  endless.cause = endless;
  log.warn('endless', { endless });
  expect(lines.map((line) => line['message'])).toEqual(['round', 'big', 'endless']);
  expect(lines[0]?.['fieldsLost']).toContain('circular');
  expect(lines[1]?.['count']).toBe('12');
});

test('a writer that throws is ignored', () => {
  const log = newLogger({
    level: 'info',
    wallMs: () => 0,
    write: () => {
      throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    },
  });
  expect(() => log.error('anyone?')).not.toThrow();
});

test('a reader of standard output that goes away does not end the process', async () => {
  const program = `
    import { newLogger } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)};
    const log = newLogger({ level: 'info', wallMs: () => 0 });
    log.info('first');
    process.stdin.once('data', () => {
      for (let line = 0; line < 100; line += 1) log.info('x'.repeat(10_000));
      setImmediate(() => process.exit(7));
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const status = new Promise((resolve) => child.once('exit', resolve));
  child.stdout.once('data', () => {
    child.stdout.destroy();
    child.stdout.once('close', () => child.stdin.end('go'));
  });
  expect(await status).toBe(7);
});
