import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's packages, by what they bring. */
const needed: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
};

/** Why a node cannot run on this machine, and what would change that; null: it can. */
export function whyNoNode(): string | null {
  if (process.platform !== 'linux') return 'a node runs on Linux only';
  if (process.getuid?.() !== 0) return 'a node needs root: it makes network namespaces and cgroups of its own';
  const missing = Object.entries(needed).flatMap(([program, bringer]) => (found(program) ? [] : [bringer]));
  if (missing.length > 0) return `a node needs programs: apt-get install -y ${missing.join(' ')}`;
  const namespaces = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' });
  return namespaces.status === 0 ? null : 'this machine grants no namespaces (unshare --net --mount --pid fails)';
}

function found(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}
