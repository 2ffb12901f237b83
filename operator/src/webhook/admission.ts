/** The parts of an `AdmissionReview` (admission.k8s.io/v1) that are read and written here. */

export interface AdmissionRequest {
  uid: string;
  operation: string;
  /** Nothing may come of it outside of the answer. */
  dryRun: boolean;
  /** Empty for what stands in none. */
  namespace: string;
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
      details?: { causes: Cause[] };
    };
    /** Shown to whoever made the request. */
    warnings?: string[];
    patchType?: 'JSONPatch';
    /** Base64. */
    patch?: string;
  };
}

export interface Cause {
  reason: 'FieldValueInvalid';
  field: string;
  message: string;
}

/** What is asked; null when `body` is no review. */
export function readReview(body: unknown): AdmissionRequest | null {
  const { apiVersion, kind, request } = Object(body) as Record<string, unknown>;
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') return null;
  const { uid, operation, dryRun, namespace, object, oldObject } = Object(request) as Record<string, unknown>;
  if (typeof uid !== 'string' || typeof operation !== 'string') return null;
  const place = typeof namespace === 'string' ? namespace : '';
  return { uid, operation, dryRun: dryRun === true, namespace: place, object, oldObject };
}
