import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { startSidecar } from '../support/sidecar-process.ts';
import { until } from '../support/until.ts';
import type { AttackOrder, AttackState } from './attacker.ts';
import { attacks, type AttackName } from './attacks.ts';
import { askForAWhile, type Seen } from './good-clients.ts';

export interface UnderAttack {
  /** Attacking connections that were open (count), and those that were planned. */
  readonly connections: number;
  readonly planned: number;
  /** Connections that the attacker began, and the answers it got, by status. */
  readonly begun: number;
  readonly statuses: Record<string, number>;
  readonly calm: Seen;
  readonly attacked: Seen;
  /** Resident memory of the sidecar (bytes): before, and the most that was seen. */
  readonly calmBytes: number;
  readonly peakBytes: number;
}

/** How often the sidecar's memory is looked at (ms). */
const LOOK_MS = 100;
/** All connections must be there within (ms). */
const PATIENCE_MS = 30_000;

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

/** A service in a process of its own. */
async function startTarget(): Promise<{ port: number; close(): void }> {
  const child = fork(new URL('target.ts', import.meta.url));
  const [port] = (await once(child, 'message')) as [number];
  return { port, close: () => void child.kill('SIGKILL') };
}

/** What good clients and the sidecar's memory are like without the attack and under it, each for so long (ms). */
export async function underAttack(name: AttackName, forMs: number): Promise<UnderAttack> {
  const target = await startTarget();
  const sidecar = await startSidecar({ upstream: target.port, settings: { inbound: {} } });
  // The first requests compile the code.
  await askForAWhile(sidecar.inbound, forMs / 2);
  const calm = await askForAWhile(sidecar.inbound, forMs);
  const calmBytes = residentBytes(sidecar.pid);
  const order: AttackOrder = { name, port: sidecar.inbound };
  const attacker = fork(new URL('attacker.ts', import.meta.url), [JSON.stringify(order)]);
  const exited = once(attacker, 'exit');
  let state: AttackState = { open: 0, wanted: Infinity, begun: 0, statuses: {} };
  let connections = 0;
  let peakBytes = 0;
  attacker.on('message', (told) => {
    state = told as AttackState;
    connections = Math.max(connections, state.open);
  });
  const looking = setInterval(() => (peakBytes = Math.max(peakBytes, residentBytes(sidecar.pid))), LOOK_MS);
  try {
    // The last few may come and go.
    await until(`${name}: all connections`, () => state.open >= state.wanted * 0.9, PATIENCE_MS);
    const attacked = await askForAWhile(sidecar.inbound, forMs);
    const { begun, statuses } = state;
    return { connections, planned: attacks[name].connections, begun, statuses, calm, attacked, calmBytes, peakBytes };
  } finally {
    clearInterval(looking);
    attacker.kill('SIGKILL');
    await exited;
    await sidecar.kill();
    target.close();
  }
}
