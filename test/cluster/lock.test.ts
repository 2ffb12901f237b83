import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lock } from './lock.ts';

const newLockPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'lock');
};

test('one holds the lock at a time', async () => {
  const path = newLockPath();
  const order: string[] = [];
  const first = await lock(path, () => {});
  const second = lock(path, () => {
    order.push('second waits');
    first[Symbol.dispose]();
    order.push('first is done');
  });
  using _held = await second;
  expect(order).toEqual(['second waits', 'first is done']);
});

test('the lock of a process that was killed is free', async () => {
  const path = newLockPath();
  const code = `
    import { lock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    await lock(${JSON.stringify(path)}, () => {});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  using _held = await lock(path, () => holder.kill('SIGKILL'));
  expect(holder.killed).toBe(true);
});
