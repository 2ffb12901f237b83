/**
 * A process of its own that ends what its parent has started, when the parent ends without doing so: by SIGKILL, a crash, a closed
 * terminal. It reads duties, one JSON object a line, from its standard input. The end of the input means that the parent is gone.
 * Asking the children to watch their parent would not do: etcd may be paused by SIGSTOP, and foreign binaries watch nobody.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Duty } from './keep.ts';

// A Ctrl-C reaches every process of the terminal: this one has its work before it then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const duties: Duty[] = [];

function fulfil(duty: Duty): void {
  if (duty.do === 'run') spawnSync(duty.command, duty.args, { stdio: 'ignore' });
  if (duty.do === 'remove') rmSync(duty.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  if (duty.do !== 'kill') return;
  try {
    process.kill(-duty.group, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { duty, done } = JSON.parse(line) as { duty: Duty; done: boolean };
  const index = duties.findIndex((other) => JSON.stringify(other) === JSON.stringify(duty));
  if (!done) duties.push(duty);
  else if (index >= 0) duties.splice(index, 1);
}
for (const duty of duties.toReversed()) fulfil(duty);
