import { rmSync } from 'node:fs';
import { ApiClient } from '../api/api-client.ts';
import { readKubeconfig } from '../api/kubeconfig.ts';
import { startKeeper, type Keeper } from '../keep.ts';
import type { TestCluster } from '../test-cluster.ts';
import { apiServerArguments, controllerManagerArguments, etcdArguments, schedulerArguments } from './arguments.ts';
import { Component } from './component.ts';
import { freePorts } from './free-ports.ts';
import { makeLayout, type Layout } from './layout.ts';
import type { Program, Programs } from './programs.ts';
import { waitUntilOk } from './wait-until-ok.ts';

/** A control plane, and where its files are. */
export interface ControlPlane extends TestCluster {
  layout: Layout;
}

/**
 * Starts a control plane of these programs, alone or beside a node at `nodeAddress`; resolves when it is ready.
 * @throws Error with the end of the log of what failed.
 */
export async function startControlPlane(
  kind: 'envtest' | 'built',
  programs: Programs,
  nodeAddress: string | null = null,
): Promise<ControlPlane> {
  const [apiPort, etcdPort] = (await freePorts(2)) as [number, number];
  const layout = makeLayout(apiPort, etcdPort, nodeAddress);
  const keeper = startKeeper();
  keeper.add({ do: 'remove', path: layout.folder });
  const parts = componentsOf(programs, layout, keeper);
  const client = new ApiClient(readKubeconfig(layout.file.admin));

  const ready = (): Promise<void> => waitUntilOk(client, '/readyz', [parts.etcd, parts.apiServer]);
  const stop = async (): Promise<void> => {
    client.close();
    await Promise.all(parts.all.map((part) => part.kill()));
    rmSync(layout.folder, { recursive: true, force: true });
    await keeper.close();
  };

  try {
    parts.etcd.start();
    parts.apiServer.start();
    await ready();
    // These give up when the API server is not there soon: they come after it.
    for (const part of parts.others) part.start();
    if (programs.controllerManager !== null) {
      await waitUntilOk(client, '/api/v1/namespaces/default/serviceaccounts/default', parts.all);
    }
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    kind,
    layout,
    kubeconfigPath: layout.file.admin,
    server: layout.server,
    hasControllerManager: programs.controllerManager !== null,
    stop,
    async restartApiServer() {
      await parts.apiServer.kill();
      parts.apiServer.start();
      await ready();
    },
    pauseEtcd: () => parts.etcd.signal('SIGSTOP'),
    resumeEtcd: () => parts.etcd.signal('SIGCONT'),
  };
}

interface Components {
  etcd: Component;
  apiServer: Component;
  /** Those that need the API server. */
  others: Component[];
  all: Component[];
}

function componentsOf(programs: Programs, layout: Layout, keeper: Keeper): Components {
  const component = (name: string, program: Program, args: readonly string[]): Component =>
    new Component({ name, program, args, folder: layout.folder, keeper });
  const { etcd, apiServer, controllerManager, scheduler } = programs;
  const first = {
    etcd: component('etcd', etcd, etcdArguments(layout)),
    apiServer: component('kube-apiserver', apiServer, apiServerArguments(layout, controllerManager !== null)),
  };
  const others: Component[] = [];
  if (controllerManager !== null) {
    others.push(component('kube-controller-manager', controllerManager, controllerManagerArguments(layout)));
  }
  if (scheduler !== null) others.push(component('kube-scheduler', scheduler, schedulerArguments(layout)));
  return { ...first, others, all: [first.etcd, first.apiServer, ...others] };
}
