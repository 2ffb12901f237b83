/** The chart of the sample service, as helm renders it. */
import { readObject } from '@fusebox/api/document.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { describe, expect, test } from 'vitest';
import { sampleValues, variable } from './charts/sample-values.ts';
import { type ChartObject, isUnder, render, type Rendered, valuePaths } from './support/rendered-chart.ts';

const withFusebox = render('sample-service');
const without = render('sample-service', { 'fusebox.enabled': false });
const ground = render('sample-service', { 'standIns.enabled': false });

const configOf = (rendered: Rendered): ChartObject => rendered.get('ConfigMap/users-config');
const volumesOf = (rendered: Rendered): string[] =>
  (rendered.container('users').volumeMounts ?? []).map(({ mountPath }) => mountPath);

describe('with Fusebox', () => {
  test('the pods ask for a sidecar, and the ConfigMap says whom its settings are for', () => {
    expect(withFusebox.pod('users').metadata.labels).toMatchObject({ 'fusebox.dev/inject': 'true' });
    expect(configOf(withFusebox).metadata).toMatchObject({
      labels: { 'fusebox.dev/config': 'true' },
      annotations: { 'fusebox.dev/target': 'deployment/users' },
    });
  });

  test('its policy and flags are valid, and settings stand beside them', () => {
    const reading = readObject(configOf(withFusebox), null);
    expect('problems' in reading ? reading.problems : []).toEqual([]);
    expect(Object.keys(configOf(withFusebox).data)).toEqual(['flags.yaml', 'policy.yaml', 'cache.ttl_seconds']);
  });

  test('the service reads what the sidecar keeps for it, and mounts no ConfigMap', () => {
    expect(variable('CONFIG')(withFusebox)).toBe('/var/run/fusebox/live');
    expect(volumesOf(withFusebox)).toEqual(['/tmp']);
  });

  test('the Service names its port, which injection moves to the sidecar', () => {
    const { spec } = withFusebox.get('Service/users');
    expect(spec['ports']).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    expect(withFusebox.container('users').ports).toEqual([{ name: 'http', containerPort: 8080 }]);
  });
});

describe('without Fusebox', () => {
  test('nothing speaks of it', () => {
    expect(JSON.stringify(without.objects)).not.toContain('fusebox.dev');
    expect(JSON.stringify(without.objects)).not.toContain('/var/run/fusebox');
  });

  test('the same objects are there, and the settings are mounted', () => {
    expect(without.names).toEqual(withFusebox.names);
    expect(Object.keys(configOf(without).data)).toEqual(['config.yaml', 'cache.ttl_seconds']);
    expect(variable('CONFIG')(without)).toBe('/etc/users');
    expect(volumesOf(without)).toEqual(['/tmp', '/etc/users']);
    expect(without.pod('users').spec.volumes).toContainEqual({ name: 'config', configMap: { name: 'users-config' } });
  });
});

test('every image has the version of the chart', () => {
  for (const name of ['users', 'users-stand-ins']) {
    expect(withFusebox.container(name).image).toBe(`ghcr.io/fusebox/sample-service:${PRODUCT_VERSION}`);
  }
});

test('its pods pass Pod Security restricted', () => {
  for (const name of ['users', 'users-stand-ins']) {
    const { spec } = withFusebox.pod(name);
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const { securityContext } of spec.containers) {
      expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  }
});

test('payments and profiles are the stand-ins, what was named, or nothing', () => {
  const given = render('sample-service', { 'urls.payments': 'http://payments.bank' });
  for (const [rendered, url] of [
    [withFusebox, 'http://users-stand-ins:8081'],
    [given, 'http://payments.bank'],
    [ground, undefined],
  ] as const) {
    expect(variable('PAYMENTS_URL')(rendered)).toBe(url);
  }
});

describe('a value decides what it says:', () => {
  test.each(Object.entries(sampleValues))('%s', (path, { value, look, is }) => {
    expect(look(withFusebox)).not.toEqual(is);
    expect(look(render('sample-service', { [path]: value }))).toEqual(is);
  });

  test('no value of the chart is missing above', () => {
    expect(valuePaths('sample-service').filter((path) => !isUnder(path, Object.keys(sampleValues)))).toEqual([]);
  });

  test.each([
    ['urls.databases', 'x', 'databases'],
    ['fusebox.enable', true, 'enable'],
    ['seedUsers', 'many', 'seedUsers'],
  ])('%s: %s is refused', (path, value, named) => {
    expect(() => render('sample-service', { [path]: value })).toThrow(named);
  });
});
