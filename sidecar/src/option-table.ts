/**
 * Every option of `fusebox-sidecar`, once: the parser, `--help` and docs/command-line.md read this table.
 *
 * A variable is the flag's name with `FUSEBOX_`. Kubernetes gives pods variables for Services too; a Service named `fusebox`
 * makes `FUSEBOX_PORT` and `FUSEBOX_SERVICE_…`, so no option may be called `port` or `…-port`, and unknown variables are not faults.
 */
import { option, type Option } from '@fusebox/runtime/option.ts';
import * as plain from '@fusebox/runtime/option-values.ts';
import * as as from './option-values.ts';

const later = (flag: string, placeholder: string, help: string): Option<null> =>
  option(flag, { group: 'Not in this version', placeholder, help, parse: plain.notYet, builtIn: 'none' });

/** The options by the name of their value, in the order of the help. */
export const optionTable = {
  inbound: option('inbound', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where requests for the service arrive. Without a host: all addresses, IPv4 and IPv6. "none" closes it.',
    builtIn: ':4140',
    parse: plain.listenAddress,
  }),
  admin: option('admin', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where /livez, /readyz and /metrics answer; what shows or changes more answers loopback only. "none" closes it.',
    builtIn: ':4143',
    parse: plain.listenAddress,
  }),
  local: option('local', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where the service itself asks for flags (OFREP) and live configuration. Callers on this machine only. "none" closes it.',
    builtIn: '127.0.0.1:4142',
    parse: plain.listenAddress,
  }),
  upstream: option('upstream', {
    group: 'Addresses',
    placeholder: 'HOST:PORT|unix:PATH',
    help: 'Where the service listens.',
    builtIn: '127.0.0.1:8080',
    parse: as.upstreamAddress,
  }),
  probes: option('probes', {
    group: 'Addresses',
    placeholder: 'LIST',
    help: "Targets of the kubelet's probes that arrive at --inbound because traffic is redirected, like /live,/ready?full=1. A GET of one by User-Agent kube-probe/… passes every rule uncounted.",
    repeatable: true,
    parse: as.targets,
  }),
  configPath: option('config', {
    group: 'Settings',
    placeholder: 'FILE|DIR',
    help: 'Policies and flags as YAML or JSON: a file, or a folder of *.yaml, *.yml and *.json such as a mounted ConfigMap. Changes are taken over while running.',
    parse: plain.nonEmpty,
  }),
  dataDir: option('data-dir', {
    group: 'Settings',
    placeholder: 'DIR',
    help: 'Keeps the last good settings here, for the next start. Without it nothing is kept on disk.',
    parse: plain.nonEmpty,
  }),
  liveFilesPath: option('live-files', {
    group: 'Settings',
    placeholder: 'DIR',
    help: 'Keeps the live configuration here, too: a file for each key, laid out and replaced all at once as in a mounted ConfigMap. A folder that the service shares. Without it: no files.',
    parse: plain.nonEmpty,
  }),
  operatorUrl: option('operator', {
    group: 'Settings',
    placeholder: 'URL',
    help: 'Takes the settings from the operator at this https URL, instead of --config. Its pod decides which ones.',
    builtIn: 'none',
    parse: as.operatorUrl,
  }),
  tokenPath: option('token', {
    group: 'Settings',
    placeholder: 'FILE',
    help: 'The ServiceAccount token to show the operator: for the audience "fusebox", bound to a pod. Read again when it changes.',
    builtIn: 'none',
    parse: as.optionalFile,
  }),
  caPath: option('ca', {
    group: 'Settings',
    placeholder: 'FILE',
    help: "The authorities (PEM) that the operator is trusted by. Read again when it changes. Without it: Node's own.",
    builtIn: 'none',
    parse: as.optionalFile,
  }),
  namespace: option('namespace', {
    group: 'Identity',
    placeholder: 'NAME',
    help: 'The namespace that documents must have to apply. Without it: any.',
    parse: as.namespace,
  }),
  workloads: option('workload', {
    group: 'Identity',
    placeholder: 'KIND/NAME',
    help: 'The workload that targetRefs must name to apply, like deployment/users (or statefulset, daemonset, service). Several: repeat it, or separate by commas.',
    repeatable: true,
    parse: as.workloads,
  }),
  labels: option('labels', {
    group: 'Identity',
    placeholder: 'KEY=VALUE,…',
    help: "The pod's labels, which selectors must match to apply.",
    repeatable: true,
    parse: as.labels,
  }),
  maxConnections: option('max-connections', {
    group: 'Limits',
    placeholder: 'COUNT',
    help: "Clients' connections at once. One more closes the oldest that carries no request; if all do, it is closed itself.",
    builtIn: '10000',
    parse: as.count,
  }),
  maxBodyBytes: option('max-body', {
    group: 'Limits',
    placeholder: 'SIZE',
    help: 'The longest body of a request (like 65536, 512Ki, 10Mi), as it is transferred; a longer one is a 413.',
    builtIn: 'none',
    parse: as.size,
  }),
  otlpEndpoint: option('otlp-endpoint', {
    group: 'Telemetry',
    placeholder: 'URL',
    help: 'The base URL of an OTLP/HTTP collector; spans go to its /v1/traces. Without it, or with "none": no spans.',
    moreEnv: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    parse: as.endpoint,
  }),
  serviceName: option('service-name', {
    group: 'Telemetry',
    placeholder: 'NAME',
    help: 'service.name of the spans. Without it: the name of the first workload, else fusebox-sidecar.',
    moreEnv: ['OTEL_SERVICE_NAME'],
    parse: plain.nonEmpty,
  }),
  sampleRatio: option('sample-ratio', {
    group: 'Telemetry',
    placeholder: '0..1',
    help: 'The share of new traces that are sampled where the settings do not say. Without it: 0.01.',
    parse: as.ratio,
  }),
  propagators: option('propagators', {
    group: 'Telemetry',
    placeholder: 'LIST',
    help: 'Formats in which traces are passed on: tracecontext and baggage always; b3 and b3multi also where the client did not use them.',
    builtIn: 'tracecontext,baggage',
    parse: as.propagators,
  }),
  accessLog: option('access-log', {
    group: 'Telemetry',
    placeholder: 'MODE',
    help: 'Which requests get a line in the log: none, refused (or cut) or all. Without secrets: no values of queries, no credentials.',
    builtIn: 'none',
    parse: as.accessLog,
  }),
  logLevel: option('log-level', {
    group: 'Telemetry',
    placeholder: 'LEVEL',
    help: 'The least important lines that are written: debug, info, warn or error.',
    builtIn: 'info',
    parse: plain.logLevel,
  }),
  drainDelayMs: option('drain-delay', {
    group: 'Lifecycle',
    placeholder: 'DURATION',
    help: 'How long everything is still served after draining has begun, at least.',
    builtIn: '5s',
    parse: plain.duration,
  }),
  startupTimeoutMs: option('startup-timeout', {
    group: 'Lifecycle',
    placeholder: 'DURATION',
    help: 'How long to be not ready while no settings have come.',
    builtIn: '10s',
    parse: plain.duration,
  }),
  check: option('check', {
    group: 'Other',
    placeholder: null,
    help: 'Checks the settings in --config, prints every fault, and ends without listening.',
    parse: plain.truth,
  }),
  help: option('help', { group: 'Other', placeholder: null, help: 'Prints this text.', parse: plain.truth }),
  outbound: later('outbound', 'HOST:PORT', 'Where calls by the service arrive.'),
} as const;
