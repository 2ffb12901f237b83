/** The live configuration of the service: every key of a snapshot with its bytes, whether they stand in it or beside it. */
import { type Blobs, sizeOfText } from '@fusebox/api/config-values.ts';
import { digestOf, digestOfBytes } from '@fusebox/api/digest.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';

/** One key's value. */
export interface LiveValue {
  /** Text where it stands in the snapshot. */
  readonly body: string | Uint8Array;
  /** `sha256:` and 64 hex digits over the bytes. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly encoding: 'text' | 'binary';
}

/** By key, in order. */
export type LiveValues = ReadonlyMap<string, LiveValue>;

/** A snapshot with all the bytes that it names. */
export interface Settings {
  snapshot: Snapshot;
  blobs: Blobs;
}

class ShortText implements LiveValue {
  readonly encoding = 'text';
  readonly body: string;
  #digest: string | null = null;

  constructor(body: string) {
    this.body = body;
  }

  /** Computed when somebody asks: most are read before, or never. */
  get digest(): string {
    this.#digest ??= digestOfBytes(this.body);
    return this.#digest;
  }

  get sizeBytes(): number {
    return sizeOfText(this.body);
  }
}

/** @throws Error when bytes are missing. */
export function liveValuesOf({ snapshot, blobs }: Settings): LiveValues {
  const values = new Map<string, LiveValue>();
  for (const [key, { value }] of Object.entries(snapshot.config ?? {})) values.set(key, new ShortText(value));
  for (const [key, { digest, sizeBytes, encoding }] of Object.entries(snapshot.configBlobs ?? {})) {
    const body = blobs.get(digest);
    if (body === undefined) throw new Error(`the value of ${JSON.stringify(key)} is not here`);
    values.set(key, { body, digest, sizeBytes, encoding });
  }
  return new Map([...values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The values of which a snapshot holds the text itself: the flat map that services read. */
export const shortTexts = (values: LiveValues): Record<string, string> =>
  Object.fromEntries([...values].flatMap(([key, { body }]) => (typeof body === 'string' ? [[key, body]] : [])));

/** What may be told of a value without showing it. */
export const withoutValue = ({ digest, sizeBytes, encoding }: LiveValue): Omit<LiveValue, 'body'> => ({
  digest,
  sizeBytes,
  encoding,
});

/** All keys, without their values. */
export const withoutValues = (values: LiveValues): Record<string, Omit<LiveValue, 'body'>> =>
  Object.fromEntries([...values].map(([key, value]) => [key, withoutValue(value)]));

const versions = new WeakMap<LiveValues, string>();

/** Changes with every value. Many readers ask for it after each change, so it is remembered. */
export function versionOf(values: LiveValues): string {
  let version = versions.get(values);
  if (version === undefined) {
    version = digestOf([...values].map(([key, { digest }]) => [key, digest]));
    versions.set(values, version);
  }
  return version;
}

const TYPES: readonly [ending: RegExp, type: string, isText?: true][] = [
  [/\.json$/i, 'application/json', true],
  [/\.ya?ml$/i, 'application/yaml', true],
  [/\.toml$/i, 'application/toml', true],
  [/\.xml$/i, 'application/xml', true],
  [/\.html?$/i, 'text/html', true],
  [/\.css$/i, 'text/css', true],
  [/\.csv$/i, 'text/csv', true],
  [/\.(txt|properties)$/i, 'text/plain', true],
  [/\.svg$/i, 'image/svg+xml', true],
  [/\.png$/i, 'image/png'],
  [/\.jpe?g$/i, 'image/jpeg'],
  [/\.gif$/i, 'image/gif'],
  [/\.wasm$/i, 'application/wasm'],
  [/\.pem$/i, 'application/x-pem-file'],
  [/\.crt$/i, 'application/x-x509-ca-cert'],
];

/** The media type of a value: by the ending of its key, otherwise text or bytes. */
export function mediaTypeOf(key: string, { encoding }: Pick<LiveValue, 'encoding'>): string {
  const [, type, isText] = TYPES.find(([ending]) => ending.test(key)) ?? [];
  if (type === undefined) return encoding === 'text' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  // What is no text for certain may be in any encoding, whatever its key says.
  return isText === true && encoding === 'text' ? `${type}; charset=utf-8` : type;
}
