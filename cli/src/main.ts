#!/usr/bin/env node
/** `kubectl fusebox`: command line → verb → text and exit status. */
import { setTimeout } from 'node:timers/promises';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { type Access, type Command, readCommandLine } from './command-line.ts';
import { EXIT, type Outcome } from './exit-codes.ts';
import { HELP } from './help-text.ts';
import { readFiles } from './io/read-files.ts';
import { ClusterError } from './kube/cluster.ts';
import { LOCAL_PORT, sidecarAt, sidecarBehind } from './io/local-api.ts';
import { findSidecarPods, type PodWish } from './sidecar-pods.ts';
import { check } from './verbs/check.ts';
import { flags, type FlagsCommand } from './verbs/flags.ts';
import { status } from './verbs/status.ts';
import { validate } from './verbs/validate.ts';
import { wait } from './verbs/wait.ts';

const said = (text: string): Outcome => ({ exit: EXIT.ok, text, complaints: [] });

async function run(command: Command): Promise<Outcome> {
  switch (command.verb) {
    case 'help':
      return said(HELP);
    case 'version':
      return said(`kubectl-fusebox ${PRODUCT_VERSION}\n`);
    case 'validate': {
      const { files, faults } = readFiles(command.files);
      const outcome = validate(files);
      if (faults.length === 0) return outcome;
      return { exit: EXIT.notOk, text: '', complaints: [...faults, ...outcome.complaints] };
    }
    case 'flags':
      if ('url' in command.of) return flags([sidecarAt(command.of.url)], [], command);
      return flagsOfPods(command, command.of.pods);
    default: {
      // Loaded only where a cluster is asked: the client of the API server takes half a second to load.
      const { connect, readKubeconfig } = await import('./kube/connect.ts');
      const cluster = connect(readKubeconfig(command.access));
      if (command.verb === 'status') return status(cluster, command);
      if (command.verb === 'check') return check(cluster, command, Date.now());
      return wait(cluster, command, { nowMs: () => performance.now(), pause: (durationMs) => setTimeout(durationMs) });
    }
  }
}

async function flagsOfPods(command: FlagsCommand & { access: Access }, wish: PodWish): Promise<Outcome> {
  const [{ connect, readKubeconfig }, { portForwarder }] = await Promise.all([
    import('./kube/connect.ts'),
    import('./kube/port-forward.ts'),
  ]);
  const config = readKubeconfig(command.access);
  const cluster = connect(config);
  const dial = portForwarder(config);
  const pods = await findSidecarPods(cluster, wish, command.namespace ?? cluster.namespace);
  const sidecars = pods
    .filter(({ fault }) => fault === null)
    .map(({ namespace, name }) => sidecarBehind(name, () => dial({ namespace, pod: name, port: LOCAL_PORT })));
  const silent = pods.flatMap(({ name, fault }) => (fault === null ? [] : [{ sidecar: name, fault }]));
  return flags(sidecars, silent, command);
}

function failed(error: unknown): Outcome {
  if (!(error instanceof ClusterError)) throw error;
  const unavailable = error.code === 'unavailable';
  return { exit: unavailable ? EXIT.unavailable : EXIT.notOk, text: '', complaints: [error.message] };
}

const command = readCommandLine(process.argv.slice(2));
const outcome: Outcome =
  'faults' in command
    ? { exit: EXIT.usage, text: '', complaints: [...command.faults, 'see kubectl fusebox --help'] }
    : await run(command).catch(failed);
process.stdout.write(outcome.text);
for (const complaint of outcome.complaints) process.stderr.write(`${complaint}\n`);
process.exitCode = outcome.exit;
