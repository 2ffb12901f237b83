/** The sidecars of all pods of this node, as processes: whoever started the node sees them in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const CGROUPS = '/sys/fs/cgroup';
const TICKS_PER_SECOND = 100;
const PROGRAM = '/app/fusebox-sidecar.mjs';

/** Process ids of the sidecars that run, without the commands that drain them. */
export function sidecarPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = textOf(`/proc/${pid}/cmdline`).split('\0');
      return words.includes(PROGRAM) && !words.includes('drain');
    })
    .map(Number);
}

/** How long ago the process was started (ms), to a hundredth of a second: when the container was made, some ms before it began to run. */
export function ageMs(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`);
  const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const upSeconds = Number(textOf('/proc/uptime').split(' ')[0]);
  return (upSeconds - startTicks / TICKS_PER_SECOND) * 1000;
}

/** The address of the pod that the process is in; null: it has none yet. */
export function podAddress(pid: number): string | null {
  const local = /\|-- (10\.244\.\d+\.\d+)\n\s+\/32 host LOCAL/.exec(textOf(`/proc/${pid}/net/fib_trie`));
  return local?.[1] ?? null;
}

/** Memory of one sidecar (MB = 10⁶ bytes). */
export interface SidecarMemory {
  /** Of its container: what its cgroup is charged, less what the kernel would drop first; `kubectl top` shows it. */
  workingSetMb: number;
  /** Resident, with the pages of Node's file, which all sidecars of a node share. */
  rssMb: number;
  /** What of it no file backs. */
  anonMb: number;
}

/** Of each sidecar that runs. */
export function sidecarMemory(): SidecarMemory[] {
  return sidecarPids().map((pid) => {
    const status = textOf(`/proc/${pid}/status`);
    const mb = (name: string): number => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
    return { workingSetMb: workingSetBytes(pid) / 1e6, rssMb: mb('VmRSS'), anonMb: mb('RssAnon') };
  });
}

function workingSetBytes(pid: number): number {
  const groups = textOf(`/proc/${pid}/cgroup`);
  const first = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  const folder = first === undefined ? `${CGROUPS}${/^0::(.*)$/m.exec(groups)?.[1]}` : `${CGROUPS}/memory${first}`;
  const used = textOf(`${folder}/${first === undefined ? 'memory.current' : 'memory.usage_in_bytes'}`);
  const dropped = /^(?:total_)?inactive_file (\d+)$/m.exec(textOf(`${folder}/memory.stat`))?.[1];
  return Number(used) - Number(dropped);
}

/** Empty where there is no such file any more. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
