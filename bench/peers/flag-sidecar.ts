import { fileURLToPath } from 'node:url';
import { program } from './sidecar.ts';

const policy = fileURLToPath(new URL('../policies/flags.yaml', import.meta.url));

interface FlagSidecar {
  /** Where it listens for requests; null: nowhere. */
  inbound: number | null;
  upstreamPort?: number;
  /** Where it answers the service about flags; null: nowhere. */
  local: number | null;
  /** Where its settings come from. Default: `policies/flags.yaml`. */
  settings?: readonly string[];
  nodeArguments?: readonly string[];
}

/** The command line of a sidecar that has flags. */
export function flagSidecar(options: FlagSidecar): string[] {
  const { inbound, upstreamPort = 9, local, settings = ['--config', policy], nodeArguments = [] } = options;
  const at = (port: number | null): string => (port === null ? 'none' : `127.0.0.1:${port}`);
  const addresses = ['--inbound', at(inbound), '--local', at(local), '--admin', 'none', '--upstream', at(upstreamPort)];
  const quiet = ['--drain-delay', '0s', '--log-level', 'warn'];
  return [process.execPath, ...nodeArguments, program, ...addresses, ...settings, '--namespace', 'bench', ...quiet];
}
