import { expect, test } from 'vitest';
import { backgroundScope } from '../scope.ts';
import { fixedSettings } from '../settings/live-settings.ts';
import { verifyPassword } from './password.ts';
import { createPasswordHasher } from './password-hasher.ts';

test('few passwords are hashed at a time, few more wait, and others are refused at once', async () => {
  const settings = fixedSettings({ 'passwords.max_hashing': 1, 'passwords.max_waiting': 1 });
  const hash = createPasswordHasher(settings, () => () => {});
  const scope = backgroundScope('test');
  const first = hash(scope, 'correct horse');
  const second = hash(scope, 'correct horse');
  await expect(hash(scope, 'correct horse')).rejects.toMatchObject({ code: 'overloaded' });
  for (const answer of [first, second]) expect(await verifyPassword('correct horse', await answer)).toBe(true);
});
