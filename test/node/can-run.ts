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
  buildah: 'buildah',
  '/usr/lib/cni/host-local': 'containernetworking-plugins',
};

/** Why a node cannot run on this machine, and what would change that. */
export interface NoNode {
  why: string;
  /** Only programs are missing: whoever can install them can run a node. */
  installable: boolean;
}

/** null: it can run here. */
export function whyNoNode(): NoNode | null {
  const never = (why: string): NoNode => ({ why, installable: false });
  if (process.platform !== 'linux') return never('it runs on Linux only');
  if (process.getuid?.() !== 0) return never('it needs root: it makes network namespaces and cgroups of its own');
  const apart = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' });
  if (apart.status !== 0) return never('this machine grants no namespaces (unshare --net --mount --pid fails)');
  const missing = Object.entries(needed).flatMap(([program, bringer]) => (found(program) ? [] : [bringer]));
  if (missing.length === 0) return null;
  return { why: `it needs programs: apt-get install -y ${missing.join(' ')}`, installable: true };
}

function found(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}
