/**
 * The validating webhook's decision. It says what a CRD's schema and rules cannot, and what nothing else says of a ConfigMap,
 * so that `kubectl edit` refuses a bad edit with the path and the value, and the editor opens again. Pure.
 */
import { readObject } from '@fusebox/api/document.ts';
import { formatPath } from '@fusebox/api/documents.ts';
import { type AdmissionAnswer, type AdmissionRequest, type Cause, readReview } from './admission.ts';

/** Nobody mends more than this at once (count). */
const MAX_CAUSES = 20;

/** The answer to a review; null when `body` is none. What is not ours is allowed. */
export function review(body: unknown): AdmissionAnswer | null {
  const request = readReview(body);
  if (request === null) return null;
  const causes = newCauses(request);
  const [first] = causes;
  const allowed = first === undefined;
  const status = allowed ? {} : { status: statusOf(causes) };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, allowed, ...status },
  };
}

/**
 * What is wrong now and was not before. Faults that an object has had since before the webhook was there do not keep anybody
 * from labelling it; and nothing keeps an object from being deleted, which for one with finalizers is an update.
 */
function newCauses({
  operation,
  object,
  oldObject,
}: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>): Cause[] {
  const { metadata } = Object(object) as { metadata?: { deletionTimestamp?: unknown } };
  if (operation === 'DELETE' || typeof metadata?.deletionTimestamp === 'string') return [];
  const causes = causesOf(object);
  if (causes.length === 0 || typeof oldObject !== 'object' || oldObject === null) return causes;
  const known = new Set(causesOf(oldObject).map((cause) => JSON.stringify(cause)));
  return causes.every((cause) => known.has(JSON.stringify(cause))) ? [] : causes;
}

function causesOf(object: unknown): Cause[] {
  const reading = readObject(withoutGeneratedName(object), null);
  if (!('problems' in reading)) return [];
  return reading.problems.map(({ path, message }) => ({
    reason: 'FieldValueInvalid',
    field: formatPath(path),
    message,
  }));
}

function statusOf(causes: readonly Cause[]): NonNullable<AdmissionAnswer['response']['status']> {
  const shown = causes.slice(0, MAX_CAUSES);
  const lines = shown.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const more = causes.length - shown.length;
  if (more > 0) lines.push(`and ${more} more`);
  return { code: 422, reason: 'Invalid', message: lines.join('; '), details: { causes: shown } };
}

/** An object that asks for a generated name has none yet when it is reviewed. */
function withoutGeneratedName(object: unknown): unknown {
  const { metadata, ...rest } = Object(object) as { metadata?: Record<string, unknown> };
  if (metadata === undefined || metadata['name'] !== undefined || metadata['generateName'] === undefined) return object;
  return { ...rest, metadata: { ...metadata, name: 'generated' } };
}
