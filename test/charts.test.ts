/** The chart of the operator, as helm renders it. What becomes of it on an API server: charts.cluster.test.ts. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { readConfig } from '@fusebox/operator/config.ts';
import { describe, expect, test } from 'vitest';
import { operatorValues } from './charts/operator-values.ts';
import {
  isUnder,
  type ChartContainer,
  type ChartObject,
  render,
  type Rendered,
  runHelm,
  valuePaths,
} from './support/rendered-chart.ts';

const ROOT = resolve(import.meta.dirname, '..');
const OPERATOR = 'fusebox-operator';
const CHARTS = ['fusebox-crds', 'fusebox', 'sample-service'];

const manifests = (file: string): ChartObject[] =>
  readYaml(readFileSync(join(ROOT, 'operator', file), 'utf8')).map(({ value }) => value as ChartObject);

describe('every chart', () => {
  test.each(CHARTS)('%s passes helm lint --strict', (chart) => {
    const { status, text } = runHelm(['lint', '--strict', join(ROOT, 'charts', chart)]);
    expect([status, text]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  test.each(CHARTS)('%s has the version of the product', (chart) => {
    const text = readFileSync(join(ROOT, 'charts', chart, 'Chart.yaml'), 'utf8');
    const { version, appVersion } = readYaml(text)[0]!.value as Record<string, string>;
    expect([version, appVersion]).toEqual([PRODUCT_VERSION, PRODUCT_VERSION]);
  });

  test.each(CHARTS)('%s takes releases of vendors from 1.30 on, and none before', (chart) => {
    for (const release of ['v1.30.0', 'v1.30.0-eks-1234567', 'v1.30.5-gke.100', 'v1.34.1+k3s1', 'v1.36.0-alpha.1']) {
      expect(render(chart, {}, ['--kube-version', release]).objects.length).toBeGreaterThan(0);
    }
    expect(() => render(chart, {}, ['--kube-version', 'v1.29.15'])).toThrow('incompatible with Kubernetes v1.29.15');
  });

  test.each(CHARTS)('%s refuses a value that it does not have', (chart) => {
    expect(() => render(chart, { replicaz: 3 })).toThrow("additional properties 'replicaz' not allowed");
    expect(() => render(chart, { global: { shared: 'by a chart of charts' } })).not.toThrow();
  });
});

const plain = render('fusebox');
const container = (rendered: Rendered): ChartContainer => rendered.container(OPERATOR);

describe('without any value the chart of the operator', () => {
  test('has these objects and no others', () => {
    expect(plain.names).toEqual([
      `ClusterRole/${OPERATOR}`,
      `ClusterRoleBinding/${OPERATOR}`,
      `Deployment/${OPERATOR}`,
      'MutatingWebhookConfiguration/fusebox',
      `PodDisruptionBudget/${OPERATOR}`,
      `Role/${OPERATOR}`,
      `RoleBinding/${OPERATOR}`,
      `Service/${OPERATOR}`,
      `ServiceAccount/${OPERATOR}`,
      'SidecarProfile/default',
      'ValidatingWebhookConfiguration/fusebox',
    ]);
  });

  test("has the roles and webhooks of the operator's folder", () => {
    expect(plain.get(`ClusterRole/${OPERATOR}`).rules).toEqual(manifests('cluster-role.yaml')[0]!.rules);
    expect(plain.get(`Role/${OPERATOR}`).rules).toEqual(manifests('role.yaml')[0]!.rules);
    const rendered = render('fusebox', { 'injection.excludedNamespaces': ['kube-system'] });
    for (const { kind, webhooks } of manifests('webhooks.yaml')) {
      const ours = rendered.get(`${kind}/fusebox`).webhooks;
      expect(ours.map(({ name }) => name)).toEqual(webhooks.map(({ name }) => name));
      for (const webhook of webhooks) expect(ours).toContainEqual(webhook);
    }
  });

  test('starts two operators in a command line that they understand', () => {
    expect(plain.get(`Deployment/${OPERATOR}`).spec.replicas).toBe(2);
    const { args = [], ports } = plain.container(OPERATOR);
    const read = readConfig(args, { POD_NAMESPACE: 'fusebox' });
    expect(read).toMatchObject({
      config: {
        lease: { namespace: 'fusebox', name: OPERATOR },
        webhookConfiguration: 'fusebox',
        tlsDir: null,
        natsUrl: null,
        hosts: expect.arrayContaining([`${OPERATOR}.fusebox.svc`]),
        injection: {
          operatorUrl: `https://${OPERATOR}.fusebox.svc:4150`,
          sidecarImage: `ghcr.io/fusebox/sidecar:${PRODUCT_VERSION}`,
          redirectImage: `ghcr.io/fusebox/redirect:${PRODUCT_VERSION}`,
        },
      },
    });
    if (!('config' in read)) throw new Error(JSON.stringify(read));
    const { serve, webhook, relay, admin } = read.config;
    expect(ports.map(({ containerPort }) => containerPort)).toEqual(
      [serve, webhook, relay, admin].map((listener) => listener?.port),
    );
  });

  test('lets them do as little as Pod Security restricted asks for, and less', () => {
    const { spec } = plain.pod(OPERATOR);
    expect(spec['securityContext']).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(plain.container(OPERATOR).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('selects its pods by labels that they have', () => {
    const { labels } = plain.pod(OPERATOR).metadata;
    const { spec } = plain.get(`Service/${OPERATOR}`);
    expect(labels).toMatchObject(spec['selector'] as object);
    for (const name of [`Deployment/${OPERATOR}`, `PodDisruptionBudget/${OPERATOR}`]) {
      expect(labels).toMatchObject((plain.get(name).spec['selector'] as { matchLabels: object }).matchLabels);
    }
  });
});

describe('a value decides what it says:', () => {
  test.each(Object.entries(operatorValues))('%s', (path, { value, look, is, with: more = {} }) => {
    expect(look(render('fusebox', more))).not.toEqual(is);
    expect(look(render('fusebox', { ...more, [path]: value }))).toEqual(is);
  });

  test('no value of the chart is missing above', () => {
    // That each of them is in values.schema.json, too, is seen by the rendering.
    expect(valuePaths('fusebox').filter((path) => !isUnder(path, Object.keys(operatorValues)))).toEqual([]);
  });

  test.each([
    ['operator.replica', 2, 'replica'],
    ['operator.image.tagg', 'x', 'tagg'],
    ['sidecar.drainDelays', '1s', 'drainDelays'],
    ['sidecar.drainDelay', 'soon', 'drainDelay'],
    ['operator.replicas', 0, 'replicas'],
    ['operator.logLevel', 'loud', 'logLevel'],
    ['injection.failurePolicy', 'Perhaps', 'failurePolicy'],
    ['monitoring.podMonitor.enabled', 'yes', 'enabled'],
  ])('%s: %s is refused', (path, value, named) => {
    expect(() => render('fusebox', { [path]: value })).toThrow(named);
  });
});

/** A whole configuration, such as nobody has. */
const everything = render('fusebox', {
  ...Object.fromEntries(Object.entries(operatorValues).map(([path, { value }]) => [path, value])),
  'operator.podDisruptionBudget.enabled': true,
});

describe('with everything switched on', () => {
  test('there is an object of each kind, and those in a namespace are in that of the release', () => {
    expect(everything.names.filter((name) => !plain.names.includes(name))).toEqual([
      `Certificate/${OPERATOR}`,
      'ConfigMap/fusebox-dashboard',
      `NetworkPolicy/${OPERATOR}`,
      `PodMonitor/${OPERATOR}`,
      'PodMonitor/fusebox-sidecars',
      'PrometheusRule/fusebox',
    ]);
    const astray = everything.objects.filter(
      ({ kind, metadata }) => metadata.namespace !== 'fusebox' && !/^(Cluster|Mutating|Validating)/.test(kind),
    );
    expect(astray).toEqual([]);
  });

  test('alerts and the dashboard speak of metrics that there are', () => {
    const code = globSync('{sidecar,operator,runtime}/src/**/*.ts', { cwd: ROOT })
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const rules = JSON.stringify(everything.get('PrometheusRule/fusebox').spec);
    const dashboard = everything.get('ConfigMap/fusebox-dashboard').data['fusebox.json']!;
    const names = [...(rules + dashboard).matchAll(/\bfusebox_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|count|sum)$/, ''),
    );
    expect(names.length).toBeGreaterThan(10);
    expect([...new Set(names)].filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  test('the ports of the NetworkPolicy and of monitoring are ports of the operator', () => {
    const text = JSON.stringify([
      everything.get(`NetworkPolicy/${OPERATOR}`).spec,
      everything.get(`PodMonitor/${OPERATOR}`).spec,
    ]);
    const named = new Set([...text.matchAll(/"port":"(\w+)"/g)].map(([, name]) => name));
    expect(named).toEqual(new Set(container(everything).ports.map(({ name }) => name)));
  });
});

describe('certificates', () => {
  const hookAnnotation = (rendered: Rendered): unknown[] =>
    ['Mutating', 'Validating'].map(
      (kind) =>
        rendered.get(`${kind}WebhookConfiguration/fusebox`).metadata.annotations?.['cert-manager.io/inject-ca-from'],
    );
  const resources = (rendered: Rendered): string[] =>
    [`Role/${OPERATOR}`, `ClusterRole/${OPERATOR}`].flatMap((role) =>
      rendered.get(role).rules.flatMap((rule) => rule.resources),
    );

  test('of a Secret are mounted; the operator may read no Secret, and still tells the API server what to trust', () => {
    const rendered = render('fusebox', { 'certificates.secret': 'company-tls' });
    expect(container(rendered).args).toEqual(
      expect.arrayContaining(['--tls-dir=/etc/fusebox/tls', '--webhook-configuration=fusebox']),
    );
    expect(container(rendered).volumeMounts).toMatchObject([{ name: 'tls', mountPath: '/etc/fusebox/tls' }]);
    expect(hookAnnotation(rendered)).toEqual([undefined, undefined]);
    expect(resources(rendered)).not.toContain('secrets');
    expect(resources(rendered)).toContain('mutatingwebhookconfigurations');
  });

  test('of cert-manager come with what it takes, and the webhooks are its business', () => {
    const rendered = render('fusebox', { 'certManager.enabled': true });
    expect(rendered.names.filter((name) => /^(Issuer|Certificate)\//.test(name))).toEqual([
      'Certificate/fusebox-ca',
      `Certificate/${OPERATOR}`,
      'Issuer/fusebox-ca',
      'Issuer/fusebox-self-signed',
    ]);
    expect(rendered.get(`Certificate/${OPERATOR}`).spec['dnsNames']).toEqual([
      `${OPERATOR}.fusebox.svc`,
      `${OPERATOR}.fusebox`,
    ]);
    expect(rendered.get(`Certificate/${OPERATOR}`).spec['secretName']).toBe('fusebox-operator-tls');
    expect(hookAnnotation(rendered)).toEqual([`fusebox/${OPERATOR}`, `fusebox/${OPERATOR}`]);
    expect(container(rendered).args?.filter((option) => option.startsWith('--webhook'))).toEqual([]);
    expect(resources(rendered).filter((name) => /^secrets|webhook/.test(name))).toEqual([]);
  });
});
