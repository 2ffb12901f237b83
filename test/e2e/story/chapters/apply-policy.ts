import { object } from '../../commands.ts';
import { CONFIG } from '../config-edits.ts';
import { SHOP, type World } from '../world.ts';

const FILE = 'test/e2e/story/users-policy.yaml';

/** A ResiliencePolicy for the Deployment: limits that a platform team may keep, below what the ConfigMap says. */
export async function applyPolicy({ terminal, narrator }: World): Promise<void> {
  narrator.says('A policy of its own kind, for all that does not stand in the ConfigMap.');
  await terminal.kubectl('apply', '-f', FILE);
  await terminal.kubectl('-n', SHOP, 'wait', '--for=condition=Programmed', 'rp/users', '--timeout=60s');
  const table = await terminal.look('-n', SHOP, 'get', 'rp');
  const { status } = await object<{ status: { programmed: string; propagationMs?: number } }>('-n', SHOP, 'rp/users');
  if (status.programmed !== '2/2' || !table.includes('2/2'))
    throw new Error(`PROGRAMMED is ${status.programmed}, not 2/2`);
  narrator.kept('PROGRAMMED 2/2', `every sidecar had it ${status.propagationMs ?? '?'} ms after \`kubectl apply\``);
  await terminal.fusebox('status', `cm/${CONFIG}`, '-n', SHOP);
}
