/**
 * The validating webhook's decision. It says what a CRD's schema and rules cannot, and what nothing else says of a ConfigMap,
 * so that `kubectl edit` refuses a bad edit with the path and the value, and the editor opens again. Pure.
 */
import { readObject } from '@fusebox/api/document.ts';
import { formatPath } from '@fusebox/api/documents.ts';

/** The parts of an `AdmissionReview` (admission.k8s.io/v1) that are read. */
interface AdmissionRequest {
  uid: string;
  operation: string;
  object: unknown;
  oldObject: unknown;
}

/** An `AdmissionReview` with its answer. */
export interface AdmissionAnswer {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  response: {
    uid: string;
    allowed: boolean;
    status?: {
      code: number;
      reason: 'Invalid';
      message: string;
      details: { causes: { reason: 'FieldValueInvalid'; field: string; message: string }[] };
    };
  };
}

/** Nobody mends more than this at once (count). */
const MAX_CAUSES = 20;

/** The answer to a review; null when `body` is none. What is not ours is allowed. */
export function review(body: unknown): AdmissionAnswer | null {
  const request = readRequest(body);
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
function newCauses({ operation, object, oldObject }: AdmissionRequest): Cause[] {
  const { metadata } = Object(object) as { metadata?: { deletionTimestamp?: unknown } };
  if (operation === 'DELETE' || typeof metadata?.deletionTimestamp === 'string') return [];
  const causes = causesOf(object);
  if (causes.length === 0 || typeof oldObject !== 'object' || oldObject === null) return causes;
  const known = new Set(causesOf(oldObject).map((cause) => JSON.stringify(cause)));
  return causes.every((cause) => known.has(JSON.stringify(cause))) ? [] : causes;
}

type Cause = { reason: 'FieldValueInvalid'; field: string; message: string };

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

function readRequest(body: unknown): AdmissionRequest | null {
  const { apiVersion, kind, request } = Object(body) as Record<string, unknown>;
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') return null;
  const { uid, operation, object, oldObject } = Object(request) as Record<string, unknown>;
  return typeof uid === 'string' && typeof operation === 'string' ? { uid, operation, object, oldObject } : null;
}
