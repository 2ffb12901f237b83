/** The values of the chart `fusebox`, as charts/fusebox/values.yaml explains them. A misspelt one is refused. */
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

/** `sidecar`: the schema of a SidecarProfile's spec. */
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
    nats: object({ url: text }),
    networkPolicy: object({ enabled: truth }),
    monitoring: object({
      podMonitor: object({ enabled: truth, labels: textMap, interval: text }),
      prometheusRule: object({ enabled: truth, labels: textMap }),
      grafanaDashboard: object({ enabled: truth, labels: textMap }),
    }),
  }),
});
