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
  if (missing.length > 0) {
    return { why: `it needs programs: apt-get install -y ${missing.join(' ')}`, installable: true };
  }
  const refused = firstRefused();
  return refused === null ? null : never(`this machine refuses: ${refused}`);
}

/** What a node does that a machine, or the container that it is, may forbid. It is tried in namespaces of its own. */
const steps: readonly string[] = [
  'mount --make-rshared /',
  'mount -t tmpfs tmpfs /mnt && mkdir /mnt/lower /mnt/upper /mnt/work /mnt/all',
  'mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/all',
  'ip link add node0 type bridge && ip link add one type veth peer name two',
  'nft "add table inet node; add chain inet node c { type nat hook prerouting priority dstnat; }"',
  'echo 1 >/proc/sys/net/ipv4/ip_forward',
  'for parent in /sys/fs/cgroup /sys/fs/cgroup/*; do [ ! -e $parent/cgroup.procs ] || { mkdir $parent/fusebox-probe && rmdir $parent/fusebox-probe; } || exit 1; done',
];

/** null: none. */
function firstRefused(): string | null {
  const script = steps.map((step) => `( ${step} ) 2>/dev/null || { echo '${step.replaceAll("'", '')}'; exit 1; }`);
  const apart = ['--net', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', script.join('\n')];
  const { status, stdout } = spawnSync('unshare', apart, { encoding: 'utf8' });
  return status === 0 ? null : stdout.trim() || 'namespaces with a /proc of their own';
}

function found(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}
