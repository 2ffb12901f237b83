import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['prt', ['host', 'port'], 'port'],
  ['cach', ['server', 'cache'], 'cache'],
  ['ttl', ['ttl_seconds', 'max_entries'], null],
  ['anything', [], null],
])('%s among %j means %s', (written, names, meant) => {
  expect(nearest(written, names)).toBe(meant);
});
