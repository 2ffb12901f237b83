/**
 * Everything that can be set in the service's configuration file. One schema gives type, default and check.
 * Durations carry their unit in the name. Marks of ours: `env` names the variable that wins over the file;
 * `live: false` stands at what is read once, when the service starts: all else changes while it runs; `isUrl` may hold
 * secrets.
 */
import Type, { type Static, type TObject, type TProperties } from 'typebox';

const Section = <Properties extends TProperties>(properties: Properties): TObject<Properties> =>
  Type.Object(properties, { additionalProperties: false });

const Url = (description: string, marks: { env?: string; live?: false } = {}) =>
  Type.Optional(Type.String({ minLength: 1, description, isUrl: true, ...marks }));

export const Settings = Section({
  server: Section({
    host: Type.String({ default: '127.0.0.1', description: 'Address to listen on.', live: false }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: '0: any free one.', live: false }),
    workers: Type.Union(
      [Type.Literal('auto-io'), Type.Literal('auto-cpu'), Type.Integer({ minimum: 1, maximum: 256 })],
      {
        default: 'auto-io',
        description: 'Processes: auto-io is 2 × the available cores, auto-cpu as many as there are.',
        live: false,
      },
    ),
    shutdown_seconds: Type.Number({ minimum: 0, maximum: 3_600, default: 10, description: 'Bound of a graceful end.' }),
  }),
  database: Section({
    url: Url('postgres://… ; without it an embedded PostgreSQL serves.', { env: 'DATABASE_URL', live: false }),
    data_dir: Type.Optional(
      Type.String({ description: 'Folder of the embedded database; without it, memory.', live: false }),
    ),
    max_connections: Type.Integer({
      minimum: 2,
      maximum: 1_000,
      default: 10,
      description: 'Of one process (count). A fifth, and at least one, is kept for work in the background.',
    }),
    query_timeout_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      default: 5_000,
      description: 'The server ends a query that takes longer.',
      live: false,
    }),
    max_waiting: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 100,
      description: 'Requests that may wait for one (count).',
    }),
    max_wait_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 250, description: 'How long one may wait.' }),
  }),
  passwords: Section({
    max_hashing: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 2,
      description: 'Passwords hashed at a time (count): each takes a thread of four, and 16 MiB.',
    }),
    max_waiting: Type.Integer({ minimum: 0, maximum: 10_000, default: 20, description: 'That may wait (count).' }),
    max_wait_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 2_000, description: 'How long one may wait.' }),
  }),
  cache: Section({
    url: Url('redis://… ; without it, memory.', { env: 'REDIS_URL', live: false }),
    ttl_seconds: Type.Number({ minimum: 0, maximum: 86_400, default: 60, description: 'How long a user is kept.' }),
    max_entries: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000, description: 'In memory (count).' }),
  }),
  feature_flags: Type.Record(Type.String(), Type.Boolean(), {
    default: {},
    description: 'Flags by key where no server offers them. What is not named is off.',
  }),
  ofrep: Section({
    url: Url('Base URL of a server of feature flags, such as a sidecar. Then feature_flags counts for nothing.', {
      env: 'OFREP_ENDPOINT',
      live: false,
    }),
    poll_seconds: Type.Number({
      minimum: 0.1,
      maximum: 3_600,
      default: 5,
      description: 'How often it is asked where it has no stream of changes.',
    }),
  }),
  payments: Section({
    url: Url('Base URL of the payment service, or of whatever stands in front of it.', { env: 'PAYMENTS_URL' }),
    timeout_ms: Type.Integer({
      minimum: 1,
      maximum: 60_000,
      default: 5_000,
      description: 'For a whole payment, from the wait for a connection to the last byte.',
    }),
    breaker: Type.Union([Type.Literal('in-process'), Type.Literal('none')], {
      default: 'in-process',
      description: 'none: whatever stands between breaks the circuit.',
    }),
    breaker_error_percent: Type.Number({
      minimum: 1,
      maximum: 100,
      default: 50,
      description: 'Share that opens it (%).',
    }),
    breaker_minimum_calls: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 5,
      description: 'Below this it stays closed (count).',
    }),
    breaker_reset_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      default: 10_000,
      description: 'Open for this long.',
    }),
  }),
  profiles: Section({
    url: Url('Base URL of the profile service.', { env: 'PROFILES_URL' }),
    timeout_ms: Type.Integer({
      minimum: 1,
      maximum: 60_000,
      default: 1_000,
      description: 'After that users are answered without a profile.',
    }),
  }),
  nats: Section({
    url: Url('nats://… ; without it events stay in the process.', { env: 'NATS_URL', live: false }),
    stream: Type.String({
      default: 'USERS',
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Made when it is not there; dead letters have one of this name with _DEAD.',
      live: false,
    }),
    max_deliver: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 10,
      description: 'Tries before a message is a dead letter (count); ten take about three quarters of an hour.',
    }),
    ack_wait_ms: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      default: 30_000,
      description: 'A message whose consumer is silent for so long goes to another.',
      live: false,
    }),
  }),
  mail: Section({
    smtp_url: Url('smtp://… ; without it mails go to the log.', { env: 'SMTP_URL', live: false }),
    from: Type.String({ default: 'Users <users@example.com>', description: 'Sender of the mails.' }),
  }),
  tracing: Section({
    endpoint: Url('Base URL of an OTLP/HTTP receiver; without it there is no tracing.', {
      env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      live: false,
    }),
    sample_ratio: Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Share of new traces (0..1).' }),
    service_name: Type.String({
      minLength: 1,
      default: 'sample-service',
      description: 'OTEL_SERVICE_NAME wins.',
      live: false,
    }),
  }),
  log: Section({
    level: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], {
      default: 'info',
      description: 'What is less important is not written.',
    }),
  }),
});
export type Settings = Static<typeof Settings>;
