import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { optionTable } from './option-table.ts';

test('without options everything has its default', () => {
  expect(readConfig([], {})).toEqual({
    config: {
      kubeconfig: null,
      serve: { host: null, port: 4150 },
      webhook: { host: null, port: 4151 },
      admin: { host: null, port: 4153 },
      relay: { host: null, port: 4152 },
      advertise: null,
      namespace: null,
      lease: null,
      hosts: ['localhost', '127.0.0.1', '::1'],
      caFile: null,
      tlsDir: null,
      webhookConfiguration: null,
      injection: null,
      natsUrl: null,
      logLevel: 'info',
    },
  });
});

test('every option can be a flag or a variable; the flag wins', () => {
  const env = {
    FUSEBOX_KUBECONFIG: 'a.yaml',
    FUSEBOX_SERVE: '127.0.0.1:1',
    FUSEBOX_WEBHOOK: 'none',
    FUSEBOX_ADMIN: '[::1]:2',
    FUSEBOX_RELAY: ':3',
    POD_IP: '10.1.2.3',
    FUSEBOX_LEASE: 'system/operator',
    POD_NAMESPACE: 'system',
    FUSEBOX_HOST_NAMES: 'a.example,10.0.0.1',
    FUSEBOX_CA_FILE: 'ca.crt',
    FUSEBOX_TLS_DIR: '/tls',
    FUSEBOX_WEBHOOK_CONFIGURATION: 'fusebox',
    FUSEBOX_SIDECAR_IMAGE: 'registry.example/sidecar:1',
    FUSEBOX_REDIRECT_IMAGE: 'registry.example/redirect:1',
    FUSEBOX_OPERATOR_URL: 'https://operator.example/',
    FUSEBOX_LOG_LEVEL: 'warn',
    FUSEBOX_NATS: 'nats://nats:4222',
  };
  expect(readConfig(['--serve', ':9'], env)).toEqual({
    config: {
      kubeconfig: 'a.yaml',
      serve: { host: null, port: 9 },
      webhook: null,
      admin: { host: '::1', port: 2 },
      relay: { host: null, port: 3 },
      advertise: '10.1.2.3',
      namespace: 'system',
      lease: { namespace: 'system', name: 'operator' },
      hosts: ['a.example', '10.0.0.1'],
      caFile: 'ca.crt',
      tlsDir: '/tls',
      webhookConfiguration: 'fusebox',
      injection: {
        sidecarImage: 'registry.example/sidecar:1',
        redirectImage: 'registry.example/redirect:1',
        operatorUrl: 'https://operator.example',
      },
      natsUrl: 'nats://nats:4222',
      logLevel: 'warn',
    },
  });
});

test('the certificate is good for the Service in the namespace', () => {
  expect(readConfig(['--namespace', 'system'], {})).toMatchObject({
    config: { hosts: ['localhost', '127.0.0.1', '::1', 'fusebox-operator.system.svc', 'fusebox-operator.system'] },
  });
});

test.each<[string, string[], string | undefined]>([
  [
    'the Service in the namespace',
    ['--namespace', 'system', '--serve', ':8443'],
    'https://fusebox-operator.system.svc:8443',
  ],
  ['what is said', ['--operator-url', 'https://operator:1'], 'https://operator:1'],
  ['nobody, without a namespace', [], undefined],
  ['nobody, where no sidecar is served', ['--namespace', 'system', '--serve', 'none'], undefined],
])('injected sidecars call %s', (_, argv, url) => {
  const read = readConfig(argv, {});
  expect('config' in read && read.config.injection?.operatorUrl).toBe(url);
});

test('all faults are told at once', () => {
  const read = readConfig(
    ['--serve', '9', '--lease', 'system', '--host-names', 'a b', '--nats', 'http://nats', '--log', 'info', 'now'],
    {},
  );
  expect(read).toEqual({
    faults: [
      '--log: unknown option',
      '--serve: "9" is not HOST:PORT; a port alone is written ":9"',
      '--lease: "system" is not NAMESPACE/NAME',
      '--host-names: "a b" has "a b", which is no host name or IP address',
      '--nats: "http://nats" is not a URL like nats://nats:4222',
      '"now": unexpected argument',
    ],
  });
});

test('two listeners cannot share a port', () => {
  expect(readConfig(['--webhook', ':4150'], {})).toEqual({
    faults: ['--webhook: port 4150 is already that of --serve'],
  });
  expect(readConfig(['--webhook', '127.0.0.1:0', '--serve', ':0'], {})).toHaveProperty('config');
});

test('replicas share the Secret with the certificate authority', () => {
  expect(readConfig(['--lease', 'system/operator'], {})).toEqual({
    faults: ['--lease: its namespace must be --namespace'],
  });
  expect(readConfig(['--lease', 'a/operator', '--relay', 'none'], {})).toEqual({
    faults: ['--relay: "none" cannot be closed'],
  });
});

test('the help names every option with its variable', () => {
  const read = readConfig(['--help', '--serve', 'nonsense'], {});
  const { help } = read as { help: string };
  for (const { flag, env } of Object.values(optionTable)) {
    expect(help).toContain(`--${flag}`);
    expect(help).toContain(env[0]);
  }
  expect(help.split('\n').every((line) => line.length <= 120)).toBe(true);
});
