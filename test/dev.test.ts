import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const running = new Set<ChildProcess>();
afterEach(() => running.forEach((child) => child.kill('SIGTERM')));

/** The words of a line, as a shell reads them as far as `make dev` writes them. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

/** Does what this line has `curl` do. */
async function curl(line: string): Promise<number> {
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let body: string | null = null;
  let url = '';
  const words = wordsOf(line).slice(1);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-i') continue;
    if (word === '-X') method = words.shift();
    else if (word === '-d') body = words.shift()!;
    else if (word === '-H') {
      const [name, value] = words.shift()!.split(': ');
      headers[name!] = value!;
    } else url = word;
  }
  const response = await fetch(url, { method: method ?? (body === null ? 'GET' : 'POST'), headers, body });
  await response.text();
  return response.status;
}

test('make dev runs the sample service with all around it; each line that it prints works, and Ctrl-C ends it', async () => {
  const child = spawn(process.execPath, ['scripts/dev.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH']!, PORT: '0' },
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const ended = once(child, 'close');
  void ended.then(() => running.delete(child));
  await expect.poll(() => output, { timeout: 50_000 }).toContain('/openapi.json');

  const lines = output.split('\n').filter((line) => line.startsWith('curl '));
  const statuses = [];
  for (const line of lines) statuses.push(await curl(line));
  expect(statuses.map((status, at) => `${status} ${lines[at]}`).filter((line) => !/^20[01] /.test(line))).toEqual([
    expect.stringMatching(/^502 .*payments/), // the one while the payment service fails
  ]);
  expect(lines.length).toBeGreaterThan(12);

  const config = /settings in (\S+)/.exec(output)![1]!;
  expect(existsSync(config)).toBe(true);
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(config)).toBe(false);
});
