/** What each value of the chart `sample-service` decides. */
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import type { Rendered } from '../support/rendered-chart.ts';
import type { ValueCase } from './operator-values.ts';

/** A variable of the service. */
export const variable =
  (name: string) =>
  (all: Rendered): string | undefined =>
    all.container('users').env.find((one) => one.name === name)?.value;

const settings = (key: string) => (all: Rendered) => all.get('ConfigMap/users-config').data[key];
const url = (name: string): ValueCase => ({ value: 'x://y:1', look: variable(name), is: 'x://y:1' });

/** Every value of the chart `sample-service`, by its path. */
export const sampleValues: Readonly<Record<string, ValueCase>> = {
  name: {
    value: 'people',
    look: (all) => all.names.filter((name) => !name.includes('stand-ins')),
    is: ['ConfigMap/people-config', 'Deployment/people', 'Service/people'],
  },
  replicas: { value: 5, look: (all) => all.get('Deployment/users').spec.replicas, is: 5 },
  'image.repository': {
    value: 'registry.example/users',
    look: (all) => [all.container('users').image, all.container('users-stand-ins').image],
    is: [`registry.example/users:${PRODUCT_VERSION}`, `registry.example/users:${PRODUCT_VERSION}`],
  },
  'image.tag': {
    value: '9.9.9',
    look: (all) => all.container('users').image,
    is: 'ghcr.io/fusebox/sample-service:9.9.9',
  },
  'image.pullPolicy': { value: 'Always', look: (all) => all.container('users').imagePullPolicy, is: 'Always' },
  'fusebox.enabled': {
    value: false,
    look: (all) => all.pod('users').metadata.labels['fusebox.dev/inject'],
    is: undefined,
  },
  'fusebox.annotations': {
    value: { 'fusebox.dev/port': 'http' },
    look: (all) => all.pod('users').metadata.annotations,
    is: { 'fusebox.dev/port': 'http' },
  },
  policy: {
    value: { inbound: { defaults: { timeout: '7s' } } },
    look: (all) => settings('policy.yaml')(all)?.includes('timeout: 7s'),
    is: true,
  },
  flags: {
    value: { new_search: true },
    look: (all) => settings('flags.yaml')(all)?.includes('new_search: true'),
    is: true,
  },
  settings: { value: { 'server.workers': 3 }, look: settings('server.workers'), is: '3' },
  'urls.database': url('DATABASE_URL'),
  'urls.redis': url('REDIS_URL'),
  'urls.nats': url('NATS_URL'),
  'urls.smtp': url('SMTP_URL'),
  'urls.payments': url('PAYMENTS_URL'),
  'urls.profiles': url('PROFILES_URL'),
  'urls.otlp': url('OTEL_EXPORTER_OTLP_ENDPOINT'),
  secret: {
    value: 'urls',
    look: (all) => all.container('users').envFrom,
    is: [{ secretRef: { name: 'urls' } }],
  },
  'standIns.enabled': {
    value: false,
    look: (all) => all.names.filter((name) => name.includes('stand-ins')),
    is: [],
  },
  seedUsers: { value: 7, look: variable('SEED_USERS'), is: '7' },
  resources: {
    value: { limits: { memory: '2Gi' } },
    look: (all) => (all.container('users').resources as { limits: object }).limits,
    is: { memory: '2Gi' },
  },
};
