import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Keeper } from '../cluster/keep.ts';
import { Component } from '../cluster/own/component.ts';
import { cniConfig } from './network.ts';
import { PAUSE_IMAGE } from './pause-image.ts';

const LOOK_MS = 100;

export interface ContainerRuntime {
  socket: string;
  component: Component;
  /** Takes the images of an archive, as `docker save` writes it. */
  importImages(archive: string): void;
}

/** Starts containerd with all it keeps in `folder`; resolves when it answers. */
export async function startContainerd(folder: string, keeper: Keeper): Promise<ContainerRuntime> {
  const socket = join(folder, 'containerd.sock');
  const cni = join(folder, 'cni');
  mkdirSync(join(cni, 'net.d'), { recursive: true });
  writeFileSync(join(cni, 'net.d/10-pods.conflist'), JSON.stringify(cniConfig(join(cni, 'data'))));
  const config = join(folder, 'containerd.toml');
  writeFileSync(config, containerdConfig(folder, socket, join(cni, 'net.d')));
  const program = { command: 'containerd', args: [] };
  const component = new Component({ name: 'containerd', program, args: ['--config', config], folder, keeper });
  component.start();
  const ctr = (...args: string[]): void => {
    execFileSync('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  await Promise.race([component.death(), answers(ctr)]);
  return { socket, component, importImages: (archive) => ctr('images', 'import', archive) };
}

async function answers(ctr: (...args: string[]) => void): Promise<void> {
  for (;;) {
    try {
      ctr('version');
      return;
    } catch {
      await pause(LOOK_MS);
    }
  }
}

const containerdConfig = (folder: string, socket: string, cniFolder: string): string => `version = 2
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE nobody may lower a score.
  restrict_oom_score_adj = true
  sandbox_image = "${PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cniFolder}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
