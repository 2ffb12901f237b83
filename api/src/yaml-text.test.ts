import { expect, test } from 'vitest';

import { readYaml } from './yaml-text.ts';

test.each([
  ['a: [1', 2],
  ['a: 1\n b: 2', 1],
  ['{"a": }}', 1],
])('a syntax error in %j is told with line and column', (text) => {
  const [fault] = readYaml(text).flatMap((part) => part.faults);
  expect(fault?.message).toMatch(/^is not YAML: /);
  expect(fault?.line).toBeGreaterThan(0);
  expect(fault?.column).toBeGreaterThan(0);
});

test('a key that stands twice is refused where it stands again', () => {
  const [part] = readYaml('a: 1\nb: 2\na: 3\n');
  expect(part?.faults).toEqual([{ line: 3, column: 1, message: 'this key stands here twice' }]);
});

test('keys are texts', () => {
  expect(readYaml('? [a]\n: 1\n')[0]?.faults[0]?.message).toBe('a key must be a text');
});

test('JSON is read, also with tabs', () => {
  expect(readYaml('{\n\t"a": [\n\t\t1,\n\t\t{"b": null}\n\t]\n}\n')[0]?.value).toEqual({ a: [1, { b: null }] });
});

/** Levels of a bomb: each uses the one below `width` times. */
function bomb(levels: number, width: number, level: (name: string, uses: string) => string): string {
  const rows = ['a0: &a0 {x: 1}'];
  for (let at = 1; at <= levels; at++) {
    rows.push(level(`a${at}`, Array.from({ length: width }, () => `*a${at - 1}`).join(', ')));
  }
  return rows.join('\n');
}

test('an alias bomb ends before it goes off', () => {
  const few = bomb(11, 9, (name, uses) => `${name}: &${name} [${uses}]`);
  expect(readYaml(few)[0]?.faults[0]?.message).toMatch(/^cannot be read: Excessive alias count/);
  const many = bomb(12, 10, (name, uses) => `${name}: &${name} [${uses}]`);
  expect(readYaml(many)[0]?.faults[0]).toMatchObject({
    line: 12,
    message: 'is one alias too many: 100 are the maximum',
  });
});

test('a bomb of merge keys stays unlit', () => {
  const [part] = readYaml(bomb(11, 9, (name, uses) => `${name}: &${name} {<<: [${uses}]}`));
  expect(part?.faults[0]?.message).toMatch(/^cannot be read: Excessive alias count/);
});

test('many keys are read, and one that stands twice is found among them', () => {
  const keys = Array.from({ length: 50_000 }, (_, at) => `k${at}: 1`);
  expect(readYaml([...keys, 'k7: 2'].join('\n'))[0]?.faults).toEqual([
    { line: 50_001, column: 1, message: 'this key stands here twice' },
  ]);
});

test('what is nested without end is refused', () => {
  expect(readYaml('['.repeat(20_000))[0]?.faults[0]?.message).toBe('is nested too deeply');
});

test('what is too large is not even parsed', () => {
  expect(readYaml(' '.repeat(2 * 1024 * 1024 + 1))[0]?.faults[0]?.message).toBe('is larger than 2 MiB');
});

test('anchors and aliases work as in kubectl', () => {
  expect(readYaml('base: &b {x: 1}\nagain: *b\n')[0]?.value).toEqual({ base: { x: 1 }, again: { x: 1 } });
});

test('a word is bare where it stands without quotes, also behind an alias', () => {
  const [part] = readYaml('a: &w on\nb: "on"\nc: *w\nno: 1\n"yes": 2\n');
  const { origin } = part!;
  expect([origin.isBare(['a'], 'value'), origin.isBare(['b'], 'value'), origin.isBare(['c'], 'value')]).toEqual([
    true,
    false,
    true,
  ]);
  expect([origin.isBare(['no'], 'key'), origin.isBare(['yes'], 'key')]).toEqual([true, false]);
});

test('a line is that of the value, or of the nearest thing around what is not there', () => {
  const [part] = readYaml('\na:\n  - b: 1\n    c:\n      d: 2\n');
  const { origin } = part!;
  expect(origin.lineOf(['a', 0, 'c', 'd'])).toBe(5);
  expect(origin.lineOf(['a', 0, 'missing'])).toBe(3);
  expect(origin.lineOf([])).toBe(2);
});

test.each([
  ['after the end of what was open', 'a: 1\n  hunter2: ['],
  ['in a flow', 'a: {b: "hunter2 c: d}'],
  ['in the head of a block', 'a: |hunter2\n  b'],
  ['as an alias', 'a: *hunter2'],
  ['as a tag', 'a: !hunter2 b'],
  ['as a tag with a handle', 'a: !x!hunter2 b'],
])('no fault or warning shows what stood there: %s', (_, text) => {
  const parts = readYaml(text);
  expect(parts.flatMap(({ faults, warnings }) => [...faults, ...warnings])).not.toEqual([]);
  expect(JSON.stringify(parts.map(({ faults, warnings }) => [faults, warnings]))).not.toContain('hunter2');
});
