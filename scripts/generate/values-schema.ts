/** The values of the charts, as their values.yaml explain them. A misspelt one is refused. */
type Schema = Record<string, unknown>;

const object = (properties: Schema): Schema => ({ type: 'object', additionalProperties: false, properties });
const text: Schema = { type: 'string' };
const truth: Schema = { type: 'boolean' };
const texts: Schema = { type: 'array', items: text };
const anyObject: Schema = { type: 'object' };
const anyList: Schema = { type: 'array' };
const oneOf = (...choices: string[]): Schema => ({ type: 'string', enum: choices });
const textMap: Schema = { type: 'object', additionalProperties: text };

const failurePolicy = oneOf('Fail', 'Ignore');
const image = object({ repository: text, tag: text, pullPolicy: oneOf('Always', 'IfNotPresent', 'Never') });

/** Of the chart `fusebox-crds`, which has none. */
export const noValuesSchema = (): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...object({ global: anyObject }),
});

/** Of the chart `sample-service`. */
export const sampleValuesSchema = (): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...object({
    global: anyObject,
    name: text,
    replicas: { type: 'integer', minimum: 0 },
    image,
    fusebox: object({ enabled: truth, annotations: textMap }),
    policy: anyObject,
    flags: anyObject,
    settings: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    urls: object({
      database: text,
      redis: text,
      nats: text,
      smtp: text,
      payments: text,
      profiles: text,
      otlp: text,
    }),
    secret: text,
    standIns: object({ enabled: truth }),
    seedUsers: { type: 'integer', minimum: 0 },
    resources: anyObject,
  }),
});

/** Of the chart `fusebox`. `sidecar`: the schema of a SidecarProfile's spec. */
export const valuesSchema = (sidecar: Schema): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...object({
    // Helm passes it to charts that are part of another.
    global: anyObject,
    operator: object({
      replicas: { type: 'integer', minimum: 1 },
      image,
      imagePullSecrets: anyList,
      logLevel: oneOf('debug', 'info', 'warn', 'error'),
      extraArgs: texts,
      extraEnv: anyList,
      resources: anyObject,
      podDisruptionBudget: object({ enabled: truth }),
      podAnnotations: textMap,
      podLabels: textMap,
      nodeSelector: textMap,
      tolerations: anyList,
      topologySpreadConstraints: anyList,
      priorityClassName: text,
    }),
    sidecar,
    redirect: object({ image: object({ repository: text, tag: text }) }),
    injection: object({ failurePolicy, excludedNamespaces: texts }),
    validation: object({ failurePolicy }),
    certificates: object({ secret: text }),
    certManager: object({ enabled: truth, issuerRef: textMap, duration: text }),
    nats: object({ url: text }),
    networkPolicy: object({ enabled: truth }),
    monitoring: object({
      podMonitor: object({ enabled: truth, labels: textMap, interval: text }),
      prometheusRule: object({ enabled: truth, labels: textMap }),
      grafanaDashboard: object({ enabled: truth, labels: textMap }),
    }),
  }),
});
