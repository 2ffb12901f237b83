import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password.ts';

test('the right password verifies and another one does not', async () => {
  const hash = await hashPassword('correct horse');
  expect(await verifyPassword('correct horse', hash)).toBe(true);
  expect(await verifyPassword('correct horsf', hash)).toBe(false);
});

test('the same password gives two different hashes, and neither contains it', async () => {
  const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(first).not.toBe(second);
  expect(first).not.toContain('correct');
});

test('both Unicode spellings of a letter are one password', async () => {
  expect(await verifyPassword('caf\u0065\u0301', await hashPassword('caf\u00e9'))).toBe(true);
});

test.each(['', 'plain', 'scrypt$14$8$5$c2FsdA', 'scrypt$14$8$5$c2FsdA$c2hvcnQ'])(
  'a hash it cannot read (%j) matches nothing',
  async (hash) => {
    expect(await verifyPassword('correct horse', hash)).toBe(false);
  },
);
