import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { lock } from '../lock.ts';
import { logToStderr as log } from '../log.ts';
import type { Held, Message } from './hold.ts';
import { keptPlace } from './place.ts';

const MAIN = join(import.meta.dirname, '../main.ts');

/** Starts the kept cluster unless it runs, and prints the line that makes a shell use it. */
export async function up(): Promise<void> {
  const place = keptPlace();
  using _held = await lock(place.lock, () => log('somebody else is starting it; waiting'));
  const runs = await visit(place.socket);
  if (runs === null) await startHolder(place.log);
  else log(`${runs.held.server} (${runs.held.kind}) runs already`);
  runs?.socket.destroy();
  log('tests use it with FUSEBOX_TEST_CLUSTER=existing, and make cluster-down stops it');
  process.stdout.write(`export KUBECONFIG=${place.kubeconfig}\n`);
}

/** Stops the kept cluster; resolves when nothing of it is left. */
export async function down(): Promise<void> {
  const runs = await visit(keptPlace().socket);
  if (runs === null) {
    log('none runs');
    return;
  }
  runs.socket.write('stop\n');
  runs.socket.resume();
  await once(runs.socket, 'close');
  log('stopped');
}

/** Starts the process that holds the cluster and tells what it says until the cluster is there. Then it is left alone. */
async function startHolder(logPath: string): Promise<void> {
  const errors = openSync(logPath, 'w', 0o600);
  const holder = fork(MAIN, ['hold'], { stdio: ['ignore', 'ignore', errors, 'ipc'], detached: true });
  closeSync(errors);
  await new Promise<void>((resolve, reject) => {
    const why = (): string =>
      readFileSync(logPath, 'utf8')
        .replaceAll(/^cluster: /gm, '')
        .trim();
    holder.once('exit', () => reject(new Error(`the cluster did not start\n${why()}`)));
    holder.on('message', (message: Message) => ('log' in message ? log(message.log) : resolve()));
  });
  holder.disconnect();
  holder.unref();
}

/** A connection to the process that holds the kept cluster, and what it says; null when there is none. */
async function visit(path: string): Promise<{ socket: Socket; held: Held } | null> {
  const socket = connect(path);
  try {
    const [line] = (await once(socket.setEncoding('utf8'), 'data')) as [string]; // one line: never in two pieces
    return { socket, held: JSON.parse(line) as Held };
  } catch {
    return null;
  }
}
