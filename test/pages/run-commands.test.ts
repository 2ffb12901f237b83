import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { PageCommand } from './page-commands.ts';
import { runCommands } from './run-commands.ts';

const commands = (...lines: [text: string, comment: string][]): PageCommand[] =>
  lines.map(([text, comment]) => ({ section: '', text, comment }));

const run = (list: PageCommand[]): Promise<string[]> =>
  runCommands(list, { cwd: tmpdir(), env: { PATH: process.env['PATH']! }, timeoutMs: 20_000 });

describe('the commands of a page', () => {
  test('share one shell, and what is left running ends with it', async () => {
    const list = commands(['sleep 1000 &', ''], ['x=1', ''], ['echo "HTTP/1.1 20$x Created"', '201']);
    expect(await run(list)).toEqual([]);
  });

  test('that do not keep a promise are told with their output', async () => {
    expect(await run(commands(['echo "HTTP/1.1 200 OK"', '404']))).toEqual([expect.stringContaining('no "404"')]);
  });

  test('end with the first one that fails', async () => {
    await expect(run(commands(['true', ''], ['sh -c "exit 3"', ''], ['echo later', '']))).rejects.toThrow(
      'sh -c "exit 3": ended with 3',
    );
  });

  test('fail where one should have been refused', async () => {
    expect(await run(commands(['false', 'refused']))).toEqual([]);
    await expect(run(commands(['true', 'refused']))).rejects.toThrow('it was not refused');
  });
});
