import { describe, expect, test } from 'vitest';

import { digestOfBytes } from './digest.ts';
import { readObject } from './document.ts';
import { formatFault, readDocuments } from './documents.ts';

const configMap = (data: string, metadata = '{name: c, labels: {fusebox.dev/config: "true"}}') =>
  readDocuments([{ name: 'a.yaml', text: `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\ndata:\n${data}\n` }]);

describe('a labelled ConfigMap', () => {
  test('holds the specs of a policy and of flags; its other keys are for the service', () => {
    const { documents, faults } = configMap(
      '  policy.yaml: "mode: Shadow"\n  flags.yaml: "flags: {a: true}"\n  ttl: "60"',
    );
    expect(faults).toEqual([]);
    expect(documents).toEqual([
      {
        kind: 'ConfigMap',
        namespace: null,
        name: 'c',
        createdAt: null,
        target: null,
        policy: { mode: 'Shadow' },
        flags: { flags: { a: true } },
        config: { ttl: '60' },
        blobs: new Map(),
      },
    ]);
  });

  test('tells what is wrong in a key with the line in the file', () => {
    const { faults } = configMap(
      '  policy.yaml: |\n    mode: Shadow\n    inbound:\n      rout: []\n  flags.yaml: |\n    flags:\n      a: maybe',
    );
    expect(faults.map(formatFault)).toEqual([
      'a.yaml:8 ConfigMap c: data["policy.yaml"].inbound.rout: unknown field; did you mean "routes"?',
      'a.yaml:11 ConfigMap c: data["flags.yaml"].flags.a: "maybe" is a text, not true, false or a definition',
    ]);
  });

  test('tells syntax errors in a key, and a second document in it', () => {
    expect(configMap('  policy.yaml: |\n    mode: [').faults[0]).toMatchObject({ path: 'data["policy.yaml"]' });
    expect(configMap('  policy.yaml: |\n    mode: Shadow\n    ---\n    mode: Shadow').faults).toEqual([
      { where: 'a.yaml:8 ConfigMap c', path: 'data["policy.yaml"]', message: 'holds more than one document' },
    ]);
  });

  test('is aimed by its annotation only', () => {
    const aimed = (target: string) =>
      configMap(
        '  ttl: "60"',
        `{name: c, labels: {fusebox.dev/config: "true"}, annotations: {fusebox.dev/target: "${target}"}}`,
      );
    expect(aimed('deployment/users').documents[0]).toMatchObject({ target: { kind: 'Deployment', name: 'users' } });
    expect(aimed('users').faults.map(formatFault)).toEqual([
      'a.yaml:3 ConfigMap c: metadata.annotations["fusebox.dev/target"]: "users" names no workload (like deployment/users)',
    ]);
    expect(configMap('  policy.yaml: "selector: {}"').faults.map(formatFault)).toEqual([
      'a.yaml:5 ConfigMap c: data["policy.yaml"].selector: does not belong in a ConfigMap: its annotation fusebox.dev/target names the workload',
    ]);
  });

  test('has texts only in its data', () => {
    expect(configMap('  ttl: 60\n  on: "1"\n  debug: yes').faults.map(formatFault)).toEqual([
      'a.yaml:5 ConfigMap c: data.ttl: is a number, not a text: quote it',
      'a.yaml:6 ConfigMap c: data.on: the key on without quotes is a boolean to kubectl (YAML 1.1): quote it',
      'a.yaml:7 ConfigMap c: data.debug: yes without quotes is a boolean to kubectl (YAML 1.1): quote it',
    ]);
  });

  test('has keys for the service up to a size, each and together', () => {
    const sized = (...bytes: number[]): string[] =>
      configMap(bytes.map((count, at) => `  key-${at}: "${'é'.repeat(count / 2)}"`).join('\n')).faults.map(formatFault);
    expect(sized(1_048_576, 2)).toEqual([]);
    expect(sized(2, 1_048_578)).toEqual([
      'a.yaml:6 ConfigMap c: data.key-1: has 1048578 bytes, more than the maximum 1048576',
    ]);
    expect(sized(1_048_574, 1_048_576, 4)).toEqual([
      'a.yaml:6 ConfigMap c: data.key-1: is the largest of keys for the service that have 2097154 bytes together, ' +
        'more than the maximum 2097152; it has 1048576',
    ]);
  });

  test('has at most 500 keys for the service', () => {
    const many = (count: number): string[] =>
      configMap(Array.from({ length: count }, (_, at) => `  k${at}: ""`).join('\n')).faults.map(formatFault);
    expect(many(500)).toEqual([]);
    expect(many(501)).toEqual(['a.yaml:4 ConfigMap c: data: has 501 keys for the service, more than the maximum 500']);
  });

  test('has keys that are names of files', () => {
    expect(configMap('  a-1_B.txt: x\n  .hidden: x\n  ...: x').faults.map(formatFault)).toEqual([
      'a.yaml:7 ConfigMap c: data["..."]: the key "..." is "." or begins with ".."',
    ]);
    expect(configMap('  ../a: x').faults).toEqual([
      expect.objectContaining({ message: 'the key "../a" has something other than letters, digits, ".", "-" and "_"' }),
    ]);
  });

  test('is told what is wrong with a value without showing it', () => {
    const told = configMap(`  a: 8714\n  b: true\n  c: [8714]`).faults.map(formatFault);
    expect(told.join()).not.toContain('8714');
    expect(told).toEqual([
      'a.yaml:5 ConfigMap c: data.a: is a number, not a text: quote it',
      'a.yaml:6 ConfigMap c: data.b: is a boolean, not a text: quote it',
      'a.yaml:7 ConfigMap c: data.c: is a list, not a text',
    ]);
  });

  test('has a label that is a text: a boolean is a mistake to report, not a reason to ignore it', () => {
    expect(configMap('  a: b', '{name: c, labels: {fusebox.dev/config: true}}').faults).toHaveLength(1);
  });
});

describe('what is long or not text', () => {
  const read = (data: Record<string, string>, binaryData: Record<string, string> = {}) => {
    const metadata = { name: 'c', labels: { 'fusebox.dev/config': 'true' } };
    return readObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data, binaryData }, null);
  };

  test('is named by its digest, with its bytes beside it; a short text is not', () => {
    const [short, long] = ['é'.repeat(8_192), `${'é'.repeat(8_192)}!`];
    const bytes = Buffer.from([0, 255, 128]);
    const reading = read({ short, long }, { bytes: bytes.toString('base64') });
    if (!('document' in reading) || reading.document.kind !== 'ConfigMap') throw new Error('not read');
    const { config, blobs } = reading.document;
    const [ofLong, ofBytes] = [digestOfBytes(long), digestOfBytes(bytes)];
    expect(config).toEqual({
      short,
      long: { digest: ofLong, sizeBytes: 16_385, encoding: 'text' },
      bytes: { digest: ofBytes, sizeBytes: 3, encoding: 'binary' },
    });
    expect([...blobs].map(([digest, value]) => [digest, Buffer.from(value).toString('latin1')])).toEqual([
      [ofLong, Buffer.from(long).toString('latin1')],
      [ofBytes, bytes.toString('latin1')],
    ]);
  });

  test('may be broken into lines, as YAML writes long base64', () => {
    const text = `${'AAAA\n'.repeat(4)}AA==\n`;
    expect(read({}, { a: text })).toMatchObject({ document: { config: { a: { sizeBytes: 13 } } } });
  });

  test.each([
    ['no base64', { a: 'a_b-' }, 'is not base64', 'a'],
    ['base64 that is cut', { a: 'AAAAA' }, 'is not base64', 'a'],
    ['padding in the middle', { a: 'A=AA' }, 'is not base64', 'a'],
    ['what is too large', { a: Buffer.alloc(1_048_577).toString('base64') }, 'has 1048577 bytes', 'a'],
    ['a key that is in data', { ttl: '' }, 'stands in data, too', 'ttl'],
    ['settings', { 'flags.yaml': '' }, 'holds settings: they are text, in data', 'flags.yaml'],
  ])('is refused when it is %s', (_, binaryData, message, key) => {
    expect(read({ ttl: '60' }, binaryData as Record<string, string>)).toEqual({
      problems: [{ path: ['binaryData', key], message: expect.stringContaining(message) as string }],
    });
  });
});

test('a ConfigMap without the label is ignored with a warning', () => {
  expect(configMap('  policy.yaml: "nonsense: ["', '{name: c}')).toEqual({
    documents: [],
    faults: [],
    warnings: ['a.yaml:1 ConfigMap c: ignored: has no label fusebox.dev/config: "true"'],
  });
});

describe('a key of a mounted ConfigMap', () => {
  test('is a file without kind, called policy.yaml or flags.yaml', () => {
    const { documents, faults } = readDocuments([
      { name: '/etc/fusebox/policy.yaml', text: 'mode: Shadow\n' },
      { name: '/etc/fusebox/flags.yaml', text: 'flags: {a: true}\n' },
    ]);
    expect(faults).toEqual([]);
    expect(documents.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'ConfigMap policy.yaml',
      'ConfigMap flags.yaml',
    ]);
  });

  test('is told without the ConfigMap that it never was', () => {
    const { faults } = readDocuments([{ name: 'policy.yaml', text: 'mode: Shadow\ninbound:\n  rout: []\n' }]);
    expect(faults.map(formatFault)).toEqual(['policy.yaml:3: inbound.rout: unknown field; did you mean "routes"?']);
  });

  test('may as well hold whole documents', () => {
    const text = 'apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencePolicy\nmetadata: {name: a}\nspec: {}\n';
    expect(readDocuments([{ name: 'policy.yaml', text }]).documents[0]?.kind).toBe('ResiliencePolicy');
  });
});
