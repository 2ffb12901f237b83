import { expect, test } from 'vitest';
import { validate } from './validate.ts';

const policy = (spec: string, name = 'a'): string =>
  `apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

test('good documents are counted', () => {
  const files = [
    { name: 'a.yaml', text: `${policy('{}')}---\n${policy('{}', 'b')}` },
    { name: 'c.yaml', text: policy('{}', 'c') },
  ];
  expect(validate(files)).toEqual({ exit: 0, text: '3 documents valid\n', complaints: [] });
});

test('every fault of every file is told at once', () => {
  const files = [
    { name: 'a.yaml', text: policy('{mode: Strict, tracing: {sampleRatio: 2}}') },
    { name: 'b.yaml', text: '{' },
    { name: 'c.yaml', text: policy('{}', 'c') },
  ];
  const { exit, text, complaints } = validate(files);
  expect([exit, text]).toEqual([1, '']);
  expect(complaints.map((complaint) => complaint.split(' ')[0])).toEqual(['a.yaml:4', 'a.yaml:4', 'b.yaml:1:2:']);
});

test('nothing at all is no success: somebody meant another file', () => {
  expect(validate([{ name: 'a.yaml', text: '# nothing' }])).toEqual({
    exit: 1,
    text: '',
    complaints: ['there are no documents'],
  });
});

test('a block without content is told of, since kubectl apply drops it', () => {
  const text = policy('\n  inbound:\n    defaults:\n      circuitBreaker:\n');
  expect(validate([{ name: 'a.yaml', text }])).toMatchObject({
    exit: 0,
    complaints: [
      'warning: a.yaml:7: spec.inbound.defaults.circuitBreaker is empty: kubectl apply drops it; write {} to name the block',
    ],
  });
});

test('a ConfigMap whose bytes are not base64, or too many, is refused without showing them', () => {
  const text = (key: string, value: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {fusebox.dev/config: "true"}}\nbinaryData:\n  ${key}: ${value}\n`;
  const large = Buffer.alloc(1_048_577).toString('base64');
  expect(validate([{ name: 'a.yaml', text: text('logo.png', 'hunter2!') }])).toEqual({
    exit: 1,
    text: '',
    complaints: ['a.yaml:5 ConfigMap a: binaryData["logo.png"]: is not base64'],
  });
  expect(validate([{ name: 'a.yaml', text: text('large', large) }]).complaints).toEqual([
    'a.yaml:5 ConfigMap a: binaryData.large: has 1048577 bytes, more than the maximum 1048576',
  ]);
  expect(validate([{ name: 'a.yaml', text: text('seed', 'AP8=') }]).exit).toBe(0);
});
