import type { Scope } from '../scope.ts';

/** Every flag that the service knows. */
export type FlagKey = 'enable_profiles' | 'enable_user_cache';

/** What is switched on at present. */
export interface Flags {
  /** False where nobody says otherwise. */
  isOn(key: FlagKey, scope: Scope): boolean;
}
