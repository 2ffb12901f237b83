import { helpText } from '@fusebox/runtime/help-text.ts';
import type { LogLevel } from '@fusebox/runtime/log.ts';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';
import { readOptions } from '@fusebox/runtime/read-options.ts';
import type { InjectionDefaults } from './inject/injection-settings.ts';
import { optionTable } from './option-table.ts';

/** All that the command line and the environment say, parsed once; nothing reads either of them afterwards. */
export interface Config {
  /** null: as a pod of the cluster does. */
  kubeconfig: string | null;
  /** null: closed. */
  serve: ListenAddress | null;
  /** null: closed. */
  webhook: ListenAddress | null;
  /** null: closed. */
  admin: ListenAddress | null;
  relay: ListenAddress;
  /** null: the name of the machine. */
  advertise: string | null;
  /** null: the certificate authority is kept in memory. */
  namespace: string | null;
  /** null: there is no other replica. */
  lease: { namespace: string; name: string } | null;
  /** Certificates that somebody else makes; null: the operator makes its own. */
  tlsDir: string | null;
  /** In the serving certificate. */
  hosts: string[];
  caFile: string | null;
  /** null: not looked after. */
  webhookConfiguration: string | null;
  /** null: nothing is injected. */
  injection: (InjectionDefaults & { operatorUrl: string }) | null;
  /** null: changes of circuits are not told there. */
  natsUrl: string | null;
  logLevel: LogLevel;
}

const usage = `fusebox-operator: brings policies and flags from the API server to sidecars, and tells in their status who obeys

Usage:
  fusebox-operator [options]   run until SIGTERM
`;

const ending = `
A flag beats its variable; an empty variable counts as absent. IPv6: [::1]:4150.

Example, on one machine against any API server:
  fusebox-operator --kubeconfig ~/.kube/config --serve 127.0.0.1:4150 --webhook none --ca-file ca.crt
  fusebox-sidecar --operator https://127.0.0.1:4150 --ca ca.crt --token FILE

Exit status: 0 ended as asked, 1 failed, 64 the command line is wrong.
`;

/** Two listeners on one port. */
function crossFaults({ serve, webhook, admin, relay, lease, namespace }: Config): string[] {
  const faults = lease === null || lease.namespace === namespace ? [] : ['--lease: its namespace must be --namespace'];
  const named = Object.entries({ serve, webhook, admin, relay: lease === null ? null : relay }).flatMap(([flag, at]) =>
    at === null ? [] : [{ flag, at }],
  );
  const shared = named.flatMap(({ flag, at }, index) => {
    const same = named.slice(0, index).find(({ at: { host, port } }) => {
      return port !== 0 && port === at.port && (host === null || at.host === null || host === at.host);
    });
    return same === undefined ? [] : [`--${flag}: port ${at.port} is already that of --${same.flag}`];
  });
  return [...faults, ...shared];
}

/**
 * Reads the command line (without the program's name) and the environment: all faults at once, each naming its option, so
 * that the caller prints them and exits 64 before a port is bound.
 */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { config: Config } | { help: string } | { faults: string[] } {
  const { values, positionals, faults } = readOptions(optionTable, argv, env);
  if (values.help === true) return { help: helpText(optionTable, { usage, ending }) };
  for (const text of positionals) faults.push(`"${text}": unexpected argument`);
  if (faults.length > 0) return { faults };
  const { kubeconfig, serve, webhook, admin, namespace, lease, caFile, advertise } = values;
  const config: Config = {
    kubeconfig,
    serve,
    webhook,
    admin,
    relay: values.relay as ListenAddress,
    advertise,
    namespace,
    lease,
    tlsDir: values.tlsDir,
    hosts: values.hosts ?? hostsOf(namespace),
    caFile,
    webhookConfiguration: values.webhookConfiguration,
    injection: injectionOf({
      sidecarImage: values.sidecarImage as string,
      redirectImage: values.redirectImage as string,
      operatorUrl: values.operatorUrl ?? serviceUrl(namespace, serve),
    }),
    natsUrl: values.nats,
    logLevel: values.logLevel as LogLevel,
  };
  const together = crossFaults(config);
  return together.length > 0 ? { faults: together } : { config };
}

/** Of the Service, as sidecars call it; null: there is none. */
function serviceUrl(namespace: string | null, serve: ListenAddress | null): string | null {
  if (namespace === null || serve === null || serve.port === 0) return null;
  return `https://fusebox-operator.${namespace}.svc:${serve.port}`;
}

const injectionOf = ({
  operatorUrl,
  ...images
}: InjectionDefaults & { operatorUrl: string | null }): Config['injection'] =>
  operatorUrl === null ? null : { ...images, operatorUrl };

function hostsOf(namespace: string | null): string[] {
  const service = namespace === null ? [] : [`fusebox-operator.${namespace}.svc`, `fusebox-operator.${namespace}`];
  return ['localhost', '127.0.0.1', '::1', ...service];
}
