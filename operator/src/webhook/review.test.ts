import { API_VERSION, CONFIG_LABEL } from '@fusebox/api/names.ts';
import { describe, expect, test } from 'vitest';
import { review } from './review.ts';

const reviewOf = (object: unknown, operation = 'UPDATE', oldObject: unknown = null) =>
  review({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u', operation, object, oldObject },
  })!.response;

const configMap = (data: Record<string, string>, labels: Record<string, string> = { [CONFIG_LABEL]: 'true' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'users', namespace: 'shop', labels, managedFields: [{}], uid: 'x' },
  data,
});
const policy = (spec: object, metadata: object = { name: 'users' }) => ({
  apiVersion: API_VERSION,
  kind: 'ResiliencePolicy',
  metadata,
  spec,
  status: { conditions: [] },
});

describe('allowed is', () => {
  test.each([
    [
      'a labelled ConfigMap that is right',
      configMap({ 'policy.yaml': 'inbound: {}', 'flags.yaml': 'flags: {a: true}' }),
    ],
    ['a ConfigMap without the label, whatever is in it', configMap({ 'policy.yaml': ':' }, {})],
    ['a policy that is right', policy({ inbound: { defaults: { timeout: '1s' } } })],
    ['a policy that asks for a generated name', policy({}, { generateName: 'users-' })],
  ])('%s', (_, object) => {
    expect(reviewOf(object)).toEqual({ uid: 'u', allowed: true });
  });

  test('every deletion', () => {
    expect(reviewOf(null, 'DELETE')).toEqual({ uid: 'u', allowed: true });
  });
});

test('faults that were there before are let be, new ones are not, and nothing keeps an object from going', () => {
  const bad = configMap({ 'policy.yaml': 'inbound: {unmatched: Maybe}' });
  const worse = configMap({ 'policy.yaml': 'inbound: {unmatched: Maybe, defaults: {timeout: soon}}' });
  const labelled = { ...bad, metadata: { ...bad.metadata, annotations: { owner: 'shop' } } };
  expect(reviewOf(labelled, 'UPDATE', bad).allowed).toBe(true);
  expect(reviewOf(worse, 'UPDATE', bad).allowed).toBe(false);
  expect(reviewOf(bad, 'UPDATE', configMap({ 'policy.yaml': 'inbound: {unmatched: Maybe}' }, {})).allowed).toBe(false);
  const going = { ...bad, metadata: { ...bad.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  expect(reviewOf(going, 'UPDATE', configMap({})).allowed).toBe(true);
});

test('a bad value is refused with its path, in the message and as a cause', () => {
  const field = 'data["policy.yaml"].inbound.defaults.timeout';
  const message = '"soon" is not a duration (like 250ms, 5s, 2m)';
  expect(reviewOf(configMap({ 'policy.yaml': 'inbound:\n  defaults: {timeout: soon}\n' }))).toEqual({
    uid: 'u',
    allowed: false,
    status: {
      code: 422,
      reason: 'Invalid',
      message: `${field}: ${message}`,
      details: { causes: [{ reason: 'FieldValueInvalid', field, message }] },
    },
  });
});

test('all faults are told, up to twenty', () => {
  const two = reviewOf(policy({ inbound: { defaults: { timeout: 'x' } }, mode: 'Off' }));
  expect(two.status?.message).toMatch(/^spec\..*; spec\..*$/);
  const routes = Array.from({ length: 30 }, (_, index) => ({ name: `r${index}`, match: { path: 'no' } }));
  const many = reviewOf(policy({ inbound: { routes } }));
  expect(many.status?.details?.causes).toHaveLength(20);
  expect(many.status?.message).toMatch(/; and 10 more$/);
});

test.each([null, {}, { kind: 'AdmissionReview' }, { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' }])(
  '%j is no review',
  (body) => {
    expect(review(body)).toBeNull();
  },
);

test('bytes that are not base64, and values that are too large, are refused with their key and never shown', () => {
  const object = { ...configMap({ long: 'hunter2'.repeat(200_000) }), binaryData: { 'logo.png': 'hunter2!' } };
  const refused = reviewOf(object);
  expect(refused.status?.message).toBe('binaryData["logo.png"]: is not base64');
  expect(reviewOf({ ...object, binaryData: { 'logo.png': 'AP8=' } }).status?.message).toBe(
    'data.long: has 1400000 bytes, more than the maximum 1048576',
  );
  expect(JSON.stringify(refused)).not.toContain('hunter2');
});
