import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../build/cache-folder.ts';

/** Where the one kept cluster of this user is found. */
export interface Place {
  /** The process that holds the cluster listens here. */
  socket: string;
  /** Always the same path, so that a shell's KUBECONFIG outlives the cluster. */
  kubeconfig: string;
  log: string;
  lock: string;
}

/** Its files are in a folder that only their owner can enter. */
export function keptPlace(): Place {
  const folder = join(cacheFolder(), 'cluster');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(folder, name);
  return { socket: file('socket'), kubeconfig: file('kubeconfig'), log: file('log'), lock: file('lock') };
}
