import { compile } from '@fusebox/api/compile/compile.ts';
import { digestOfBytes } from '@fusebox/api/digest.ts';
import { configMap } from '@fusebox/api/testing/builders.ts';
import { describe, expect, test } from 'vitest';
import { liveValuesOf, mediaTypeOf, type LiveValues } from './live-values.ts';
import { answerLocally, type LocalRequest } from './local-answers.ts';

const nobody = { namespace: null, workloads: [], labels: null };
const LONG = 'long '.repeat(4_000);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

function values(): LiveValues {
  const binary = { 'logo.png': PNG.toString('base64'), seed: 'AP8=' };
  return liveValuesOf(compile([configMap({ config: { ttl: '60', 'long.txt': LONG }, binary })], nobody));
}

function ask(path: string, more: Partial<LocalRequest> = {}) {
  const request = {
    method: 'GET',
    path,
    host: undefined,
    ifNoneMatch: undefined,
    accept: undefined,
    body: '',
    ...more,
  };
  const answer = answerLocally(request, {
    flags: { evaluate: () => ({ value: true, reason: '', variant: null, error: null, metadata: {} }), keys: () => [] },
    config: values,
  });
  if ('stream' in answer) throw new Error('it is a stream');
  return answer;
}

test('values come in the order of their keys, wherever their bytes stood', () => {
  expect([...values().keys()]).toEqual(['logo.png', 'long.txt', 'seed', 'ttl']);
});

test('a value whose bytes are not here is a mistake', () => {
  const { snapshot } = compile([configMap({ binary: { seed: 'AP8=' } })], nobody);
  expect(() => liveValuesOf({ snapshot, blobs: new Map() })).toThrow('the value of "seed" is not here');
});

describe('GET /config/KEY', () => {
  test.each([
    ['ttl', '60', 'text/plain; charset=utf-8'],
    ['long.txt', LONG, 'text/plain; charset=utf-8'],
    ['logo.png', PNG, 'image/png'],
    ['seed', Buffer.from([0, 255]), 'application/octet-stream'],
  ])('answers the bytes of %s with their digest as validator', (key, body, type) => {
    const answer = ask(`/config/${key}`);
    expect(answer).toMatchObject({ status: 200, type, etag: `"${digestOfBytes(body)}"` });
    expect(Buffer.from(answer.body as Uint8Array)).toEqual(Buffer.from(body as Uint8Array));
    expect(ask(`/config/${key}`, { ifNoneMatch: answer.etag! })).toMatchObject({ status: 304, body: '' });
  });
});

test('GET /config is a flat map of short texts; /config-digests has every key, and no value', () => {
  expect(JSON.parse(ask('/config').body as string)).toEqual({ ttl: '60' });
  expect(JSON.parse(ask('/config-digests').body as string)).toEqual({
    'logo.png': { digest: digestOfBytes(PNG), sizeBytes: 4, encoding: 'binary' },
    'long.txt': { digest: digestOfBytes(LONG), sizeBytes: 20_000, encoding: 'text' },
    seed: { digest: digestOfBytes(Buffer.from([0, 255])), sizeBytes: 2, encoding: 'binary' },
    ttl: { digest: digestOfBytes('60'), sizeBytes: 2, encoding: 'text' },
  });
});

test.each([
  ['a.json', 'text', 'application/json; charset=utf-8'],
  ['a.YML', 'text', 'application/yaml; charset=utf-8'],
  ['a.toml', 'text', 'application/toml; charset=utf-8'],
  ['a.html', 'text', 'text/html; charset=utf-8'],
  ['a.css', 'text', 'text/css; charset=utf-8'],
  ['a.csv', 'text', 'text/csv; charset=utf-8'],
  ['a.xml', 'text', 'application/xml; charset=utf-8'],
  ['a.properties', 'text', 'text/plain; charset=utf-8'],
  ['a.svg', 'text', 'image/svg+xml; charset=utf-8'],
  ['a.pem', 'text', 'application/x-pem-file'],
  ['a.crt', 'text', 'application/x-x509-ca-cert'],
  ['a.jpg', 'binary', 'image/jpeg'],
  ['a.gif', 'binary', 'image/gif'],
  ['a.wasm', 'binary', 'application/wasm'],
  ['a.csv', 'binary', 'text/csv'],
  ['json', 'text', 'text/plain; charset=utf-8'],
  ['a.unknown', 'binary', 'application/octet-stream'],
] as const)('%s as %s is %s', (key, encoding, type) => {
  expect(mediaTypeOf(key, { encoding })).toBe(type);
});
