/**
 * Everything that can be set in the service's configuration file. One schema gives type, default and check.
 * Durations carry their unit in the name.
 */
import Type, { type Static, type TObject, type TProperties } from 'typebox';

const Section = <Properties extends TProperties>(properties: Properties): TObject<Properties> =>
  Type.Object(properties, { additionalProperties: false });

const Url = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

export const Settings = Section({
  server: Section({
    host: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: '0: any free one.' }),
    workers: Type.Union(
      [Type.Literal('auto-io'), Type.Literal('auto-cpu'), Type.Integer({ minimum: 1, maximum: 256 })],
      {
        default: 'auto-io',
        description: 'Processes: auto-io is 2 × the available cores, auto-cpu as many as there are.',
      },
    ),
    shutdown_seconds: Type.Number({ minimum: 0, maximum: 3_600, default: 10, description: 'Bound of a graceful end.' }),
  }),
  database: Section({
    url: Url('postgres://… ; without it an embedded PostgreSQL serves. DATABASE_URL wins.'),
    data_dir: Type.Optional(Type.String({ description: 'Folder of the embedded database; without it, memory.' })),
    max_connections: Type.Integer({ minimum: 1, maximum: 1_000, default: 10, description: 'Of one process (count).' }),
    max_waiting: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 100,
      description: 'Requests that may wait for one (count).',
    }),
    max_wait_ms: Type.Integer({ minimum: 0, maximum: 60_000, default: 250, description: 'How long one may wait.' }),
  }),
  cache: Section({
    url: Url('redis://… ; without it, memory. REDIS_URL wins.'),
    ttl_seconds: Type.Number({ minimum: 0, maximum: 86_400, default: 60, description: 'How long a user is kept.' }),
    max_entries: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000, description: 'In memory (count).' }),
  }),
  feature_flags: Type.Record(Type.String(), Type.Boolean(), {
    default: {},
    description: 'Flags by key where no sidecar offers them. What is not named is off.',
  }),
  payments: Section({
    url: Url('Base URL of the payment service, or of whatever stands in front of it.'),
    timeout_ms: Type.Integer({ minimum: 1, maximum: 60_000, default: 5_000 }),
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
    url: Url('Base URL of the profile service.'),
    timeout_ms: Type.Integer({ minimum: 1, maximum: 60_000, default: 1_000 }),
  }),
  nats: Section({
    url: Url('nats://… ; without it events stay in the process. NATS_URL wins.'),
    stream: Type.String({ default: 'USERS', pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    max_deliver: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 5,
      description: 'Tries before a message is a dead letter (count).',
    }),
    ack_wait_ms: Type.Integer({ minimum: 100, maximum: 600_000, default: 30_000 }),
  }),
  mail: Section({
    smtp_url: Url('smtp://… ; without it mails go to the log. SMTP_URL wins.'),
    from: Type.String({ default: 'Users <users@example.com>' }),
  }),
  tracing: Section({
    endpoint: Url(
      'Base URL of an OTLP/HTTP receiver. OTEL_EXPORTER_OTLP_ENDPOINT wins. Without it there is no tracing.',
    ),
    sample_ratio: Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Share of new traces (0..1).' }),
    service_name: Type.String({ minLength: 1, default: 'sample-service', description: 'OTEL_SERVICE_NAME wins.' }),
  }),
  log: Section({
    level: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], {
      default: 'info',
    }),
  }),
});
export type Settings = Static<typeof Settings>;
