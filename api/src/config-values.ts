/**
 * Values of live configuration: what stands in the snapshot itself, and what travels beside it by digest. Everything here
 * is about one labelled ConfigMap; at most two of them rule a pod (one for its namespace, one for its workload), so that a pod
 * never has more than twice as much.
 */
import { digestOfBytes } from './digest.ts';
import type { Problem } from './validate.ts';

/** What a snapshot says of a value that it does not hold. */
export interface ConfigBlob {
  /** `sha256:` and 64 hex digits over the bytes. */
  digest: string;
  sizeBytes: number;
  /** `text`: UTF-8; `binary`: it stood in `binaryData`. */
  encoding: 'text' | 'binary';
}

/** Keys for the service: a short text as it is, all else by its digest. */
export type ConfigKeys = Readonly<Record<string, string | ConfigBlob>>;

/** Bytes by digest. */
export type Blobs = ReadonlyMap<string, Uint8Array>;

/** No bytes at all. */
export const NO_BLOBS: Blobs = new Map();

/** A text up to this size (bytes, in UTF-8) stands in the snapshot itself. */
export const INLINE_BYTES = 16_384;

/** The largest value (bytes): what a ConfigMap can hold. */
export const MAX_VALUE_BYTES = 1_048_576;
const MAX_KEYS = 500;
const MAX_TOTAL_BYTES = 2_097_152;

/** Length in UTF-8 (bytes). */
export const sizeOfText = (text: string): number => Buffer.byteLength(text);

/** A value of `data`. The bytes of one that travels by digest are added to `blobs`. */
export function textValue(text: string, blobs: Map<string, Uint8Array>): string | ConfigBlob {
  return sizeOfText(text) <= INLINE_BYTES ? text : blobOf(Buffer.from(text), 'text', blobs);
}

/** A value of `binaryData`, whose bytes are added to `blobs`. White space does not count, as for the API server. */
export function binaryValue(base64: string, blobs: Map<string, Uint8Array>): ConfigBlob {
  return blobOf(Buffer.from(base64, 'base64'), 'binary', blobs);
}

function blobOf(bytes: Uint8Array, encoding: ConfigBlob['encoding'], blobs: Map<string, Uint8Array>): ConfigBlob {
  const digest = digestOfBytes(bytes);
  blobs.set(digest, bytes);
  return { digest, sizeBytes: bytes.length, encoding };
}

/** Is this base64 with its padding (RFC 4648 §4), lines broken anywhere? Anything else is refused by the API server, too. */
export function isBase64(text: string): boolean {
  const digits = text.replaceAll(/[\r\n]/g, '');
  return digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
}

/** Length of what this base64 stands for (bytes). */
export function sizeOfBase64(text: string): number {
  const digits = text.replaceAll(/[\r\n]/g, '');
  return (digits.length / 4) * 3 - (digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0);
}

/** One value of a ConfigMap, and where it stands. */
export interface SizedValue {
  field: 'data' | 'binaryData';
  key: string;
  sizeBytes: number;
}

/** A value that is larger than any may be. */
export function sizeFaults(values: readonly SizedValue[]): Problem[] {
  return values
    .filter(({ sizeBytes }) => sizeBytes > MAX_VALUE_BYTES)
    .map(({ field, key, sizeBytes }) => ({
      path: [field, key],
      message: `has ${sizeBytes} bytes, more than the maximum ${MAX_VALUE_BYTES}`,
    }));
}

/** What is too much for one pod, of the keys for the service. */
export function totalFaults(values: readonly SizedValue[]): Problem[] {
  const faults: Problem[] = [];
  if (values.length > MAX_KEYS) {
    faults.push({
      path: ['data'],
      message: `has ${values.length} keys for the service, more than the maximum ${MAX_KEYS}`,
    });
  }
  const total = values.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > MAX_TOTAL_BYTES) {
    const { field, key, sizeBytes } = values.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]!;
    faults.push({
      path: [field, key],
      message:
        `is the largest of keys for the service that have ${total} bytes together, more than the maximum ` +
        `${MAX_TOTAL_BYTES}; it has ${sizeBytes}`,
    });
  }
  return faults;
}

const KEY_FORM = /^[-._A-Za-z0-9]+$/;

/** Why this cannot be a key of a ConfigMap, to follow the key; null: it can. It is a file's name, too. */
export function configKeyComplaint(key: string): string | null {
  if (key.length > 253) return 'is longer than 253 characters';
  if (!KEY_FORM.test(key)) return 'has something other than letters, digits, ".", "-" and "_"';
  return key === '.' || key.startsWith('..') ? 'is "." or begins with ".."' : null;
}
