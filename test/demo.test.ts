import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const running = new Set<ChildProcess>();
afterEach(() => running.forEach((child) => child.kill('SIGTERM')));

interface Run {
  output: () => string;
  child: ChildProcess;
  ended: Promise<number | null>;
}

function startDemo(): Run {
  const child = spawn(process.execPath, ['scripts/demo/main.ts'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  void ended.then(() => running.delete(child));
  return { output: () => output, child, ended };
}

const settingsOf = (output: string): string => /settings in (\S+)/.exec(output)?.[1] ?? 'no folder was named';

describe('make demo', () => {
  test('keeps each promise, sums them up, and leaves nothing behind', { timeout: 120_000 }, async () => {
    const { output, ended } = startDemo();
    const status = await ended;
    const text = output();
    expect({ status, broken: text.split('\n').filter((line) => line.includes('✗')) }).toEqual({
      status: 0,
      broken: [],
    });
    expect(text).toContain('Summary');
    expect(text).toMatch(/\b(\d+) of \1 promises kept/);
    expect(text).not.toContain('\x1b');
    expect(existsSync(settingsOf(text))).toBe(false);
    const named = [...text.matchAll(/\b(?:docs|sidecar|sample-service)\/[\w./-]+/g)].map(([path]) => path);
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('stops its processes and removes its files when it is interrupted', { timeout: 60_000 }, async () => {
    const { output, child, ended } = startDemo();
    await expect.poll(output, { timeout: 40_000 }).toContain('1. All is well');
    const folder = settingsOf(output());
    expect(existsSync(folder)).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(existsSync(folder)).toBe(false);
  });
});
