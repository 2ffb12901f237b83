import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { optionTable } from './option-table.ts';

function configOf(argv: string[], env: Record<string, string | undefined> = {}): Config {
  const read = readConfig(argv, env);
  if (!('config' in read)) throw new Error(JSON.stringify(read));
  return read.config;
}

function faultsOf(argv: string[], env: Record<string, string | undefined> = {}): string[] {
  const read = readConfig(argv, env);
  return 'faults' in read ? read.faults : [];
}

test('without arguments every option has its documented default', () => {
  expect(configOf([])).toEqual({
    command: 'run',
    inbound: { host: null, port: 4140 },
    admin: { host: null, port: 4143 },
    local: { host: '127.0.0.1', port: 4142 },
    upstream: { host: '127.0.0.1', port: 8080 },
    probes: [],
    configPath: null,
    operator: null,
    dataDir: null,
    liveFilesPath: null,
    who: { namespace: null, workloads: [], labels: null },
    otlpEndpoint: null,
    serviceName: 'fusebox-sidecar',
    sampleRatio: null,
    propagators: ['tracecontext', 'baggage'],
    accessLog: 'none',
    maxConnections: 10_000,
    maxBodyBytes: null,
    logLevel: 'info',
    drainDelayMs: 5_000,
    startupTimeoutMs: 10_000,
  });
});

test('every option can be given as a flag and as a variable', () => {
  const argv = [
    '--inbound=[::1]:1',
    '--admin',
    'none',
    '--local=[::1]:2',
    '--upstream',
    'unix:/run/app.sock',
    '--probes=/live',
    '--probes=/ready?full=1',
    '--config',
    'policies',
    '--live-files=/live',
    '--data-dir',
  ];
  argv.push('/data', '--namespace', 'shop', '--workload', 'deployment/users,svc/users', '--labels', 'app=users,tier=');
  argv.push(
    '--otlp-endpoint',
    'http://c:4318',
    '--service-name',
    's',
    '--sample-ratio',
    '0.25',
    '--log-level',
    'debug',
    '--propagators',
    'tracecontext,b3',
    '--access-log',
    'refused',
    '--max-connections',
    '50',
    '--max-body',
    '10Mi',
  );
  argv.push('--drain-delay', '1m30s', '--startup-timeout', '0s');
  const env = {
    FUSEBOX_INBOUND: '[::1]:1',
    FUSEBOX_ADMIN: 'none',
    FUSEBOX_LOCAL: '[::1]:2',
    FUSEBOX_UPSTREAM: 'unix:/run/app.sock',
    FUSEBOX_PROBES: '/live,/ready?full=1',
    FUSEBOX_CONFIG: 'policies',
    FUSEBOX_DATA_DIR: '/data',
    FUSEBOX_LIVE_FILES: '/live',
    FUSEBOX_NAMESPACE: 'shop',
    FUSEBOX_WORKLOAD: 'deployment/users,svc/users',
    FUSEBOX_LABELS: 'app=users,tier=',
    FUSEBOX_OTLP_ENDPOINT: 'http://c:4318',
    FUSEBOX_SERVICE_NAME: 's',
    FUSEBOX_SAMPLE_RATIO: '0.25',
    FUSEBOX_LOG_LEVEL: 'debug',
    FUSEBOX_PROPAGATORS: 'tracecontext,b3',
    FUSEBOX_ACCESS_LOG: 'refused',
    FUSEBOX_MAX_CONNECTIONS: '50',
    FUSEBOX_MAX_BODY: '10Mi',
    FUSEBOX_DRAIN_DELAY: '1m30s',
    FUSEBOX_STARTUP_TIMEOUT: '0s',
  };
  const expected: Config = {
    command: 'run',
    inbound: { host: '::1', port: 1 },
    admin: null,
    local: { host: '::1', port: 2 },
    upstream: { path: '/run/app.sock' },
    probes: ['/live', '/ready?full=1'],
    configPath: 'policies',
    operator: null,
    dataDir: '/data',
    liveFilesPath: '/live',
    who: {
      namespace: 'shop',
      workloads: [
        { kind: 'Deployment', name: 'users' },
        { kind: 'Service', name: 'users' },
      ],
      labels: { app: 'users', tier: '' },
    },
    otlpEndpoint: 'http://c:4318',
    serviceName: 's',
    sampleRatio: 0.25,
    propagators: ['tracecontext', 'b3'],
    accessLog: 'refused',
    maxConnections: 50,
    maxBodyBytes: 10_485_760,
    logLevel: 'debug',
    drainDelayMs: 90_000,
    startupTimeoutMs: 0,
  };
  expect(configOf(argv)).toEqual(expected);
  expect(configOf([], env)).toEqual(expected);
});

test('an operator is given by flags or variables, together with what is needed to speak to it', () => {
  const expected = { url: new URL('https://o:1'), tokenPath: 't', caPath: 'c' };
  expect(configOf(['--operator', 'https://o:1', '--token', 't', '--ca', 'c']).operator).toEqual(expected);
  const env = { FUSEBOX_OPERATOR: 'https://o:1', FUSEBOX_TOKEN: 't', FUSEBOX_CA: 'c' };
  expect(configOf([], env).operator).toEqual(expected);
  expect(configOf(['--operator', 'https://o:1', '--token', 't']).operator).toMatchObject({ caPath: null });
  expect(configOf(['--operator=none', '--token=none', '--ca=none']).operator).toBeNull();
});

test('a flag beats its variable, and an empty variable counts as absent', () => {
  expect(configOf(['--upstream', 'a:1'], { FUSEBOX_UPSTREAM: 'b:2' }).upstream).toEqual({ host: 'a', port: 1 });
  expect(configOf([], { FUSEBOX_UPSTREAM: '' }).upstream).toEqual({ host: '127.0.0.1', port: 8080 });
});

test('the variables of OpenTelemetry count after our own', () => {
  const standard = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://theirs:4318', OTEL_SERVICE_NAME: 'theirs' };
  expect(configOf([], standard)).toMatchObject({ otlpEndpoint: 'http://theirs:4318', serviceName: 'theirs' });
  const both = { ...standard, FUSEBOX_OTLP_ENDPOINT: 'http://ours:4318', FUSEBOX_SERVICE_NAME: 'ours' };
  expect(configOf([], both)).toMatchObject({ otlpEndpoint: 'http://ours:4318', serviceName: 'ours' });
  expect(configOf(['--otlp-endpoint', 'none'], standard).otlpEndpoint).toBeNull();
});

test('the service takes its name from the first workload', () => {
  const { serviceName, who } = configOf(['--workload', 'deploy/users', '--workload', 'StatefulSet/db']);
  expect(serviceName).toBe('users');
  expect(who.workloads).toEqual([
    { kind: 'Deployment', name: 'users' },
    { kind: 'StatefulSet', name: 'db' },
  ]);
});

test('variables that Kubernetes makes for a Service named fusebox are no faults', () => {
  expect(faultsOf([], { FUSEBOX_PORT: 'tcp://10.0.0.1:80', FUSEBOX_SERVICE_HOST: '10.0.0.1' })).toEqual([]);
  expect(Object.values(optionTable).filter(({ flag }) => /(^|-)port$|service-host/.test(flag))).toEqual([]);
});

test('drain and --check choose another command', () => {
  expect(configOf(['drain', '--admin', '127.0.0.1:9'])).toMatchObject({
    command: 'drain',
    admin: { host: '127.0.0.1', port: 9 },
  });
  expect(configOf(['--check', '--config', 'x.yaml']).command).toBe('check');
});

test('--help tells every flag and every variable', () => {
  for (const argv of [['--help'], ['-h'], ['--help', '--inbound', 'nonsense']]) {
    const read = readConfig(argv, {});
    if (!('help' in read)) throw new Error('no help');
    for (const { flag, env } of Object.values(optionTable)) {
      expect(read.help).toContain(`--${flag}`);
      for (const name of env) expect(read.help).toContain(name);
    }
    expect(Math.max(...read.help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  }
});

describe('a fault names the option and says what is wrong', () => {
  test.each<[string[], string]>([
    [['--inbound', '4140'], '--inbound: "4140" is not HOST:PORT; a port alone is written ":4140"'],
    [['--inbound', 'localhost'], '--inbound: "localhost" is not HOST:PORT'],
    [['--inbound', ':70000'], '--inbound: ":70000" needs a port from 0 to 65535 after the last colon'],
    [['--inbound', '::1:4140'], '--inbound: "::1:4140" is ambiguous; IPv6 goes in brackets, like [::1]:4140'],
    [['--inbound', '[x]:1'], '--inbound: "[x]:1" has brackets around what is not IPv6'],
    [['--inbound', 'a b:1'], '--inbound: "a b:1" has an invalid host'],
    [['--upstream', 'users:0'], '--upstream: "users:0" needs a port from 1 to 65535 after the last colon'],
    [['--upstream', 'unix:'], '--upstream: "unix:" needs a path after "unix:"'],
    [['--namespace', 'Shop'], '--namespace: "Shop" is not the name of a namespace'],
    [['--workload', 'users'], '--workload: "users" has "users", which names no workload like deployment/users'],
    [
      ['--workload', 'svc/a,pod/b'],
      '--workload: "svc/a,pod/b" has "pod/b", which names no workload like deployment/users',
    ],
    [['--labels', 'app'], '--labels: "app" has "app", which is not KEY=VALUE'],
    [['--labels', '=x'], '--labels: "=x" has "", which is not the key of a label'],
    [['--labels', 'a=b c'], '--labels: "a=b c" has "b c", which is not the value of a label'],
    [['--labels', 'a=b,a=c'], '--labels: "a=b,a=c" has the label "a" twice'],
    [['--otlp-endpoint', 'c:4318'], '--otlp-endpoint: "c:4318" is not a URL like http://otel-collector:4318'],
    [['--otlp-endpoint', 'http://c?x=1'], '--otlp-endpoint: "http://c?x=1" has a query or a fragment'],
    [['--sample-ratio', '1.5'], '--sample-ratio: "1.5" is not a number from 0 to 1'],
    [['--sample-ratio', '1e-3'], '--sample-ratio: "1e-3" is not a number from 0 to 1'],
    [['--drain-delay', '5'], '--drain-delay: "5" is not a duration (like 250ms, 5s, 2m)'],
    [['--drain-delay', '2h'], '--drain-delay: "2h" is not between 0s and 1h'],
    [['--log-level', 'trace'], '--log-level: "trace" is not one of debug, info, warn, error'],
    [['--config', ' '], '--config: " " is empty'],
    [['--config'], '--config: needs a value: FILE|DIR'],
    [['--config', '--check'], '--config: needs a value: FILE|DIR'],
    [['--config', 'a', '--config', 'b'], '--config: given twice, "a" and "b"'],
    [['--check=maybe'], '--check: "maybe" is not true or false'],
    [['--outbound', ':4141'], '--outbound: ":4141" is refused: not in this version'],
    [['--operator', 'http://o'], '--operator: "http://o" is not a URL like https://fusebox-operator.fusebox.svc:8443'],
    [['--operator', 'https://o/v1'], '--operator: "https://o/v1" has more than a host and a port'],
    [['--operator', 'https://o'], '--operator: needs --token'],
    [
      ['--operator', 'https://o', '--token', 't', '--config', 'c'],
      '--operator: settings come from it or from --config, not from both',
    ],
    [['--token', 't'], '--token: needs --operator'],
    [['--ca', 'c'], '--ca: needs --operator'],
    [['--inbund', ':1'], '--inbund: unknown option; did you mean --inbound?'],
    [['--zzzzzz'], '--zzzzzz: unknown option'],
    [['-c'], '-c: unknown option'],
    [['drian'], '"drian": unknown command; the only one is drain'],
    [['drain', 'now'], '"now": unexpected argument'],
    [['--check'], '--check: needs --config'],
    [['drain', '--admin', 'none'], 'drain: needs --admin, which is "none"'],
    [['drain', '--admin', ':0'], 'drain: needs the port of --admin, which is 0'],
    [['--admin', ':4140'], '--admin: port 4140 is already that of --inbound'],
    [['--local', ':4143'], '--local: port 4143 is already that of --admin'],
    [['--local', '127.0.0.1:4140'], '--local: port 4140 is already that of --inbound'],
    [['--upstream', 'localhost:4140'], '--upstream: port 4140 is that of --inbound, so each request would come back'],
  ])('%j', (argv, fault) => {
    expect(faultsOf(argv)).toContain(fault);
  });

  test('a variable is named as such', () => {
    expect(faultsOf([], { FUSEBOX_LOG_LEVEL: 'loud' })).toEqual([
      'FUSEBOX_LOG_LEVEL: "loud" is not one of debug, info, warn, error',
    ]);
  });

  test('all faults are told at once', () => {
    expect(faultsOf(['--inbund', ':1', '--log-level', 'loud', 'now'], { FUSEBOX_SAMPLE_RATIO: '2' })).toHaveLength(4);
  });
});

test('what only looks like a fault is accepted', () => {
  expect(faultsOf(['--outbound', 'none', '--local=none'])).toEqual([]);
  expect(faultsOf(['--inbound', ':0', '--admin', ':0'])).toEqual([]);
  // Another address of the machine on the service's own port is no loop.
  expect(faultsOf(['--inbound', '10.0.0.5:8080'])).toEqual([]);
});
