/** What injection writes into a pod and what the sidecar understands are two programs: here one is given to the other. */
import { injectionSettings } from '@fusebox/operator/inject/injection-settings.ts';
import { inject } from '@fusebox/operator/inject/pod-patch.ts';
import { readConfig } from '@fusebox/sidecar/config.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import { expect, test } from 'vitest';

const PLACE = { operatorUrl: 'https://fusebox-operator.fusebox.svc:4150', workload: 'users', serverMinor: null };
const IMAGES = { sidecarImage: 'sidecar', redirectImage: 'redirect' };
const readinessProbe = { httpGet: { path: '/ready?full=1', port: 'http' } };
const ports = [{ name: 'http', containerPort: 8080 }];

function configFor(profile: SidecarProfileSpec): unknown {
  const settings = injectionSettings(profile, IMAGES);
  const outcome = inject({ spec: { containers: [{ name: 'app', ports, readinessProbe }] } }, { settings, ...PLACE });
  if (!('pod' in outcome)) throw new Error(outcome.contradiction);
  const sidecar = outcome.pod.spec.initContainers!.find(({ name }) => name === 'fusebox')!;
  return readConfig(sidecar['args'] as string[], {});
}

test('a sidecar understands what it is started with', () => {
  expect(configFor({})).toMatchObject({
    config: {
      command: 'run',
      inbound: { host: null, port: 4140 },
      admin: { host: null, port: 4143 },
      local: { host: '127.0.0.1', port: 4142 },
      upstream: { host: '127.0.0.1', port: 8080 },
      operator: { tokenPath: '/var/run/fusebox/token/token', caPath: '/var/run/fusebox/ca/ca.crt' },
      dataDir: '/var/run/fusebox/data',
      liveFilesPath: '/var/run/fusebox/live',
      probes: [],
      serviceName: 'users',
    },
  });
});

test('a sidecar understands all that a profile says of it', () => {
  const profile: SidecarProfileSpec = {
    interception: 'Redirect',
    drainDelay: '1m30s',
    startupTimeout: '250ms',
    logLevel: 'debug',
    accessLog: { mode: 'Refused' },
    tracing: { endpoint: 'http://otel-collector:4318', propagators: ['tracecontext', 'b3multi'] },
  };
  expect(configFor(profile)).toMatchObject({
    config: {
      probes: ['/ready?full=1'],
      drainDelayMs: 90_000,
      startupTimeoutMs: 250,
      logLevel: 'debug',
      accessLog: 'refused',
      otlpEndpoint: 'http://otel-collector:4318',
      propagators: ['tracecontext', 'b3multi'],
    },
  });
});
