import type { Who } from '@fusebox/api/compile/who.ts';
import { helpText } from '@fusebox/runtime/help-text.ts';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';
import type { LogLevel } from '@fusebox/runtime/log.ts';
import { readOptions, type OptionValues } from '@fusebox/runtime/read-options.ts';
import type { AccessLogMode } from './access-line.ts';
import { optionTable } from './option-table.ts';
import type { Propagator, UpstreamAddress } from './option-values.ts';
import { ending, usage } from './usage.ts';

/** An operator, and the files that hold what is needed to speak to it. */
interface OperatorAddress {
  url: URL;
  tokenPath: string;
  /** null: the authorities that Node trusts. */
  caPath: string | null;
}

/** All that the command line and the environment say, parsed once; nothing reads either of them afterwards. */
export interface Config {
  command: 'run' | 'check' | 'drain';
  /** null: closed. */
  inbound: ListenAddress | null;
  /** null: closed. */
  admin: ListenAddress | null;
  /** For the service itself; null: closed. */
  local: ListenAddress | null;
  upstream: UpstreamAddress;
  /** Targets of the kubelet's probes that arrive at `inbound`. */
  probes: string[];
  /** File or folder with settings. */
  configPath: string | null;
  /** Where settings come from instead; null: from no operator. */
  operator: OperatorAddress | null;
  /** Folder for the last good settings; null: nothing is kept on disk. */
  dataDir: string | null;
  /** Folder for the live configuration as files; null: none. */
  liveFilesPath: string | null;
  /** Which documents apply here. */
  who: Who;
  /** Base URL of an OTLP/HTTP collector. */
  otlpEndpoint: string | null;
  /** `service.name` of the spans. */
  serviceName: string;
  /** 0..1; null: the settings decide. */
  sampleRatio: number | null;
  propagators: Propagator[];
  accessLog: AccessLogMode;
  /** Clients' connections at once (count). */
  maxConnections: number;
  /** Of a request's body (bytes); null: no limit. */
  maxBodyBytes: number | null;
  logLevel: LogLevel;
  drainDelayMs: number;
  startupTimeoutMs: number;
}

type Values = OptionValues<typeof optionTable>;

function readCommand(positionals: readonly string[], check: boolean, faults: string[]): Config['command'] {
  const [first, ...more] = positionals;
  if (first !== undefined && first !== 'drain') faults.push(`"${first}": unknown command; the only one is drain`);
  for (const text of more) faults.push(`"${text}": unexpected argument`);
  if (first === 'drain') return 'drain';
  return check ? 'check' : 'run';
}

/** Settings come from one place, and an operator wants to see a token. */
function operatorFaults({ operatorUrl, tokenPath, caPath, configPath }: Values): string[] {
  if (operatorUrl === null) {
    const alone = { '--token': tokenPath, '--ca': caPath };
    return Object.entries(alone).flatMap(([flag, path]) => (path === null ? [] : [`${flag}: needs --operator`]));
  }
  const faults: string[] = [];
  if (configPath !== null) faults.push('--operator: settings come from it or from --config, not from both');
  if (tokenPath === null) faults.push('--operator: needs --token');
  return faults;
}

/** What each option allows by itself but not together with the others. */
function crossFaults(config: Config): string[] {
  const { inbound, admin, local, upstream, command } = config;
  const faults: string[] = [];
  const shares = (one: ListenAddress, other: ListenAddress): boolean =>
    one.port !== 0 && one.port === other.port && (one.host === null || other.host === null || one.host === other.host);
  if (inbound !== null && admin !== null && shares(inbound, admin)) {
    faults.push(`--admin: port ${admin.port} is already that of --inbound`);
  }
  if (local !== null && inbound !== null && shares(inbound, local)) {
    faults.push(`--local: port ${local.port} is already that of --inbound`);
  }
  if (local !== null && admin !== null && shares(admin, local)) {
    faults.push(`--local: port ${local.port} is already that of --admin`);
  }
  if (inbound !== null && 'port' in upstream && isLoopback(upstream.host) && shares(inbound, upstream)) {
    faults.push(`--upstream: port ${upstream.port} is that of --inbound, so each request would come back`);
  }
  if (command === 'check' && config.configPath === null) faults.push('--check: needs --config');
  if (command === 'drain' && admin === null) faults.push('drain: needs --admin, which is "none"');
  if (command === 'drain' && admin?.port === 0) faults.push('drain: needs the port of --admin, which is 0');
  return faults;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/**
 * Reads the command line (without the program's name) and the environment: all faults at once, each naming its option, so
 * that the caller prints them and exits 64 before a port is bound.
 */
export function readConfig(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): { config: Config } | { help: string } | { faults: string[] } {
  const { values, positionals, faults } = readOptions(optionTable, argv, env);
  if (values.help === true) return { help: helpText(optionTable, { usage, ending }) };
  const command = readCommand(positionals, values.check === true, faults);
  if (faults.length > 0) return { faults };
  const config = configOf(command, values);
  const together = [...crossFaults(config), ...operatorFaults(values)];
  return together.length > 0 ? { faults: together } : { config };
}

/** Options with a built-in text always have a value here, since no fault was found. */
function configOf(command: Config['command'], values: Values): Config {
  const workloads = values.workloads ?? [];
  const { operatorUrl: url, tokenPath, caPath } = values;
  return {
    command,
    inbound: values.inbound,
    admin: values.admin,
    local: values.local,
    upstream: values.upstream as UpstreamAddress,
    probes: values.probes ?? [],
    configPath: values.configPath,
    operator: url === null || tokenPath === null ? null : { url, tokenPath, caPath },
    dataDir: values.dataDir,
    liveFilesPath: values.liveFilesPath,
    who: { namespace: values.namespace, workloads, labels: values.labels },
    otlpEndpoint: values.otlpEndpoint,
    serviceName: values.serviceName ?? workloads[0]?.name ?? 'fusebox-sidecar',
    sampleRatio: values.sampleRatio,
    propagators: values.propagators as Propagator[],
    accessLog: values.accessLog as AccessLogMode,
    maxConnections: values.maxConnections as number,
    maxBodyBytes: values.maxBodyBytes,
    logLevel: values.logLevel as LogLevel,
    drainDelayMs: values.drainDelayMs as number,
    startupTimeoutMs: values.startupTimeoutMs as number,
  };
}
