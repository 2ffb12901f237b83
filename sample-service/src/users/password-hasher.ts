import { Semaphore, type After, type Limits } from '../back-pressure.ts';
import type { Scope } from '../scope.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { hashPassword } from './password.ts';

/** @throws ServiceError `overloaded` when too many wait */
export type PasswordHasher = (scope: Scope, password: string) => Promise<string>;

const limitsOf = ({ passwords }: Settings): Limits => ({
  places: passwords.max_hashing,
  maxWaiting: passwords.max_waiting,
  maxWaitMs: passwords.max_wait_ms,
});

/** Hashes few passwords at a time: Node has four threads for this, for files and for name look-ups together. */
export function createPasswordHasher(settings: LiveSettings, after: After): PasswordHasher {
  const semaphore = new Semaphore('hashing of passwords', limitsOf(settings.current), after);
  settings.onChange((now) => semaphore.setLimits(limitsOf(now)));
  return (scope, password) => semaphore.run(scope, () => hashPassword(password));
}
