/** What each value of the chart `fusebox` decides. */
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import type { ChartContainer, Rendered } from '../support/rendered-chart.ts';

const OPERATOR = 'fusebox-operator';

const container = (rendered: Rendered): ChartContainer => rendered.container(OPERATOR);
const podSpec = (key: string) => (rendered: Rendered) => rendered.pod(OPERATOR).spec[key];
const hasOption = (option: string) => (rendered: Rendered) => container(rendered).args?.includes(option);
const failurePolicies = (kind: string) => (rendered: Rendered) =>
  [...new Set(rendered.get(`${kind}/fusebox`).webhooks.map(({ failurePolicy }) => failurePolicy))].join();
const has = (name: string) => (rendered: Rendered) => rendered.names.includes(name);
const labelOf = (name: string, label: string) => (rendered: Rendered) =>
  rendered.names.includes(name) && rendered.get(name).metadata.labels?.[label];
const certificate = (key: string) => (rendered: Rendered) =>
  rendered.names.includes(`Certificate/${OPERATOR}`) && rendered.get(`Certificate/${OPERATOR}`).spec[key];

/** A value of a chart, and what it is for. */
export interface ValueCase {
  value: unknown;
  /** What it decides. */
  look: (rendered: Rendered) => unknown;
  is: unknown;
  /** Without these it decides nothing. */
  with?: Record<string, unknown>;
}

const TOLERATION = { key: 'system', operator: 'Exists' };
const SPREAD = { maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
const MONITOR = { 'monitoring.podMonitor.enabled': true };
const RULE = { 'monitoring.prometheusRule.enabled': true };
const DASHBOARD = { 'monitoring.grafanaDashboard.enabled': true };
const ISSUER = { kind: 'ClusterIssuer', name: 'company' };

/** Every value of the chart `fusebox`, by its path. */
export const operatorValues: Readonly<Record<string, ValueCase>> = {
  'operator.replicas': { value: 3, look: (all) => all.get(`Deployment/${OPERATOR}`).spec.replicas, is: 3 },
  'operator.image.repository': {
    value: 'registry.example/operator',
    look: (all) => container(all).image,
    is: `registry.example/operator:${PRODUCT_VERSION}`,
  },
  'operator.image.tag': {
    value: '9.9.9',
    look: (all) => container(all).image,
    is: 'ghcr.io/fusebox/operator:9.9.9',
  },
  'operator.image.pullPolicy': { value: 'Always', look: (all) => container(all).imagePullPolicy, is: 'Always' },
  'operator.imagePullSecrets': { value: [{ name: 'pull' }], look: podSpec('imagePullSecrets'), is: [{ name: 'pull' }] },
  'operator.logLevel': { value: 'debug', look: hasOption('--log-level=debug'), is: true },
  'operator.extraArgs': { value: ['--sidecar-image=a:1'], look: hasOption('--sidecar-image=a:1'), is: true },
  'operator.extraEnv': {
    value: [{ name: 'FUSEBOX_NATS', value: 'nats://a:4222' }],
    look: (all) => container(all).env.at(-1),
    is: { name: 'FUSEBOX_NATS', value: 'nats://a:4222' },
  },
  'operator.resources': {
    value: { limits: { cpu: '2' } },
    look: (all) => (container(all).resources as { limits: object }).limits,
    is: { cpu: '2', memory: '384Mi' },
  },
  'operator.podDisruptionBudget.enabled': { value: false, look: has(`PodDisruptionBudget/${OPERATOR}`), is: false },
  'operator.podAnnotations': {
    value: { a: 'b' },
    look: (all) => all.pod(OPERATOR).metadata.annotations,
    is: { a: 'b' },
  },
  'operator.podLabels': { value: { a: 'b' }, look: (all) => all.pod(OPERATOR).metadata.labels['a'], is: 'b' },
  'operator.nodeSelector': { value: { disk: 'fast' }, look: podSpec('nodeSelector'), is: { disk: 'fast' } },
  'operator.tolerations': { value: [TOLERATION], look: podSpec('tolerations'), is: [TOLERATION] },
  'operator.topologySpreadConstraints': { value: [SPREAD], look: podSpec('topologySpreadConstraints'), is: [SPREAD] },
  'operator.priorityClassName': { value: 'high', look: podSpec('priorityClassName'), is: 'high' },
  sidecar: {
    value: { drainDelay: '9s', resources: { limits: { memory: '1Gi' } } },
    look: (all) => all.get('SidecarProfile/default').spec,
    is: {
      drainDelay: '9s',
      resources: { requests: { cpu: '25m', memory: '64Mi' }, limits: { memory: '1Gi' } },
    },
  },
  'redirect.image.repository': {
    value: 'registry.example/redirect',
    look: hasOption(`--redirect-image=registry.example/redirect:${PRODUCT_VERSION}`),
    is: true,
  },
  'redirect.image.tag': {
    value: '9.9.9',
    look: hasOption('--redirect-image=ghcr.io/fusebox/redirect:9.9.9'),
    is: true,
  },
  'injection.failurePolicy': { value: 'Ignore', look: failurePolicies('MutatingWebhookConfiguration'), is: 'Ignore' },
  'injection.excludedNamespaces': {
    value: ['one', 'other'],
    look: (all) =>
      all
        .get('MutatingWebhookConfiguration/fusebox')
        .webhooks.map(({ namespaceSelector }) => namespaceSelector?.matchExpressions?.[0]?.values),
    is: [
      ['one', 'other', 'fusebox'],
      ['one', 'other', 'fusebox'],
    ],
  },
  'validation.failurePolicy': { value: 'Fail', look: failurePolicies('ValidatingWebhookConfiguration'), is: 'Fail' },
  'certificates.secret': {
    value: 'company-tls',
    look: podSpec('volumes'),
    is: [{ name: 'tls', secret: { secretName: 'company-tls' } }],
  },
  'certManager.enabled': {
    value: true,
    look: podSpec('volumes'),
    is: [{ name: 'tls', secret: { secretName: 'fusebox-operator-tls' } }],
  },
  'certManager.issuerRef': {
    value: ISSUER,
    with: { 'certManager.enabled': true },
    look: certificate('issuerRef'),
    is: ISSUER,
  },
  'certManager.duration': {
    value: '24h',
    with: { 'certManager.enabled': true },
    look: certificate('duration'),
    is: '24h',
  },
  'nats.url': { value: 'nats://nats:4222', look: hasOption('--nats=nats://nats:4222'), is: true },
  'networkPolicy.enabled': { value: true, look: has(`NetworkPolicy/${OPERATOR}`), is: true },
  'monitoring.podMonitor.enabled': { value: true, look: has('PodMonitor/fusebox-sidecars'), is: true },
  'monitoring.podMonitor.labels': {
    value: { team: 'a' },
    with: MONITOR,
    look: labelOf(`PodMonitor/${OPERATOR}`, 'team'),
    is: 'a',
  },
  'monitoring.podMonitor.interval': {
    value: '5s',
    with: MONITOR,
    look: (all) =>
      all.objects.flatMap(({ kind, spec }) =>
        kind === 'PodMonitor'
          ? (spec['podMetricsEndpoints'] as { interval: string }[]).map(({ interval }) => interval)
          : [],
      ),
    is: ['5s', '5s'],
  },
  'monitoring.prometheusRule.enabled': { value: true, look: has('PrometheusRule/fusebox'), is: true },
  'monitoring.prometheusRule.labels': {
    value: { team: 'a' },
    with: RULE,
    look: labelOf('PrometheusRule/fusebox', 'team'),
    is: 'a',
  },
  'monitoring.grafanaDashboard.enabled': { value: true, look: has('ConfigMap/fusebox-dashboard'), is: true },
  'monitoring.grafanaDashboard.labels': {
    value: { team: 'a' },
    with: DASHBOARD,
    look: labelOf('ConfigMap/fusebox-dashboard', 'team'),
    is: 'a',
  },
};
