import { builtBinary } from '../build/built-binary.ts';
import { howToInstallGo } from '../build/go.ts';
import { startControlPlane } from '../own/control-plane.ts';
import type { Programs } from '../own/programs.ts';
import type { Origin } from './origin.ts';

/** All of a control plane in one binary, built from Go modules once and cached. */
export const built: Origin = {
  kind: 'built',
  async open(log) {
    const command = await builtBinary(log);
    if (command === null) return { closed: `Go 1.21 or newer is not installed. To install it:  ${howToInstallGo()}` };
    return startControlPlane('built', builtPrograms(command));
  },
};

/** The programs of a control plane in this one binary. */
export function builtPrograms(command: string): Programs {
  const program = (name: string, ...args: string[]) => ({ command, args: [name, ...args] });
  return {
    // As in a real cluster: so bookmarks come every few seconds, and not after ten minutes.
    etcd: program('etcd', '--watch-progress-notify-interval=5s'),
    apiServer: program('kube-apiserver'),
    controllerManager: program('kube-controller-manager'),
    scheduler: program('kube-scheduler'),
  };
}
