import type { Scope } from '../scope.ts';

/** What the profile service knows of a user. */
export interface Profile {
  displayName: string;
  /** A few words about the user. */
  about?: string;
}

/** Why there is no profile: no answer in time, no usable connection or a 5xx, no such profile, or an answer of another form. */
export type MissingReason = 'timeout' | 'unavailable' | 'not-found' | 'invalid';

export type ProfileAnswer = { profile: Profile } | { missing: MissingReason };

/** The profile service, as handlers see it. */
export interface Profiles {
  /**
   * The user's profile, or why it is missing: never rejects, since a user without a profile is better than no user.
   * Null where no profile service is set, at once: there is nothing to wait for.
   */
  of(scope: Scope, userId: number): Promise<ProfileAnswer> | null;
}
