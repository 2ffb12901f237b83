/**
 * A node changes a machine in many places: interfaces, mounts, folders under /var and /run, processes that outlive their parents.
 * In namespaces of their own all of these end with the first process, however it ends. What is left is written here to be undone:
 * cgroups and the sysctls that kubelet sets.
 */
import { spawn, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const CGROUPS = '/sys/fs/cgroup';
/** Inside, its value is the name of the node's cgroups. */
const INSIDE = 'FUSEBOX_NODE_CGROUP';

/** How often the removal of a group is tried, and how long apart (ms): an empty one that stays costs nothing. */
const LOOKS = 20;
const LOOK_MS = 50;

/** What containerd, CNI and kubelet keep outside the folders that they are told. */
const COVERED = ['/var/lib/cni', '/var/lib/kubelet', '/run/containerd', '/var/log/containers', '/var/log/pods'];

const SYSCTLS = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

export const isInside = (): boolean => process.env[INSIDE] !== undefined;

/** Name of the folder that holds this node's cgroups: a kubelet removes what it finds of pods that it does not know. */
export const cgroupName = (): string => process.env[INSIDE]!;

/** Runs this program again, in namespaces of its own; resolves with its exit status once nothing of it is left. */
export async function runInside(args: readonly string[]): Promise<number> {
  const absent = COVERED.filter((folder) => !existsSync(folder));
  const before = SYSCTLS.map((name) => [join('/proc/sys', name), read(join('/proc/sys', name))] as const);
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-node-'));
  // Some of what runs beside a node refuses to be root, and has its folder below this one.
  chmodSync(folder, 0o711);
  const cgroup = basename(folder);
  const apart = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...apart, process.execPath, ...process.argv.slice(1, 2), ...args], {
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: folder, [INSIDE]: cgroup },
  });
  // The one inside hears the terminal's Ctrl-C as well, and ends in order.
  process.on('SIGINT', () => {});
  // unshare itself takes no notice of it.
  process.on('SIGTERM', () => childrenOf(child.pid!).forEach((pid) => process.kill(pid, 'SIGTERM')));
  const status = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  for (const [path, value] of before) if (value !== null && read(path) !== value) writeFileSync(path, value);
  // Only now nothing is mounted below it any more.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  for (const group of cgroupFolders(cgroup)) await removeTree(group);
  // Mount points have to be there, and are empty outside.
  for (const point of absent) if (isEmpty(point) && !isMountPoint(point)) rmdirSync(point);
  return status;
}

const isEmpty = (folder: string): boolean => existsSync(folder) && readdirSync(folder).length === 0;

/** In any namespace: to remove a folder ends the mounts on it everywhere, also those of other nodes that still run. */
function isMountPoint(folder: string): boolean {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.some((pid) => read(`/proc/${pid}/mountinfo`)?.includes(` ${folder} `) === true);
}

function childrenOf(pid: number): number[] {
  const listed = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  return listed
    .split(' ')
    .filter((one) => one !== '')
    .map(Number);
}

/** Makes the namespaces fit for a node. */
export function furnish(): void {
  // Volumes of pods are mounted by kubelet and seen by containers.
  execFileSync('mount', ['--make-rshared', '/']);
  for (const folder of COVERED) {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  }
  for (const folder of cgroupFolders(cgroupName())) mkdirSync(folder, { recursive: true });
}

/** One in each hierarchy (cgroup v1), or the one (v2). */
function cgroupFolders(cgroup: string): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [join(CGROUPS, cgroup)];
  const hierarchies = readdirSync(CGROUPS).filter((name) => existsSync(join(CGROUPS, name, 'cgroup.procs')));
  return hierarchies.map((name) => join(CGROUPS, name, cgroup));
}

async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of below) await removeTree(join(folder, name));
  for (let look = 0; look < LOOKS && !removed(folder); look++) await pause(LOOK_MS);
}

/** Not while its last process is still ending. */
function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
