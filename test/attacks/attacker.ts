/** A process that attacks: keeps an attack's connections open until it is ended, and tells its parent how many they are. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { attacks, type Attack, type AttackName } from './attacks.ts';

/** What the attacker is told on its start. */
export interface AttackOrder {
  readonly name: AttackName;
  readonly port: number;
}

/** What the attacker tells, several times a second. */
export interface AttackState {
  /** Open now, and the most that may be (counts): fewer than planned where the system gives no more. */
  readonly open: number;
  readonly wanted: number;
  /** Connections begun so far, and answers by status (counts). */
  readonly begun: number;
  readonly statuses: Record<string, number>;
}

const TELL_MS = 200;
/** Files of the process that are not connections. */
const OTHER_FILES = 100;
/** Connections being made at a time (count): more would only fill the queue of the listening socket. */
const MOST_CONNECTING = 200;

const { name, port } = JSON.parse(process.argv[2]!) as AttackOrder;
const attack: Attack = attacks[name];
const filesLimit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024);
const wanted = Math.min(attack.connections, filesLimit - OTHER_FILES);
const counts = { open: 0, connecting: 0, begun: 0 };
const statuses: Record<string, number> = {};

function one(): void {
  counts.connecting++;
  counts.begun++;
  let connected = false;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('connect', () => {
    connected = true;
    counts.connecting--;
    counts.open++;
    attack.begin(socket);
    fill();
  });
  socket.once('data', (bytes) => {
    const status = bytes.toString('latin1', 9, 12);
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (connected) counts.open--;
    else counts.connecting--;
    if (attack.again) setImmediate(fill);
  });
}

function fill(): void {
  while (counts.connecting < MOST_CONNECTING && counts.open + counts.connecting < wanted) one();
}

fill();
setInterval(() => {
  const state: AttackState = { open: counts.open, wanted, begun: counts.begun, statuses };
  process.send?.(state);
}, TELL_MS);
process.on('disconnect', () => process.exit());
