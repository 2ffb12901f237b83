import Type, { type Static } from 'typebox';
import type { NewEvent } from './outbox.ts';

/** Subject of the event that a user was created. */
export const USER_CREATED = 'user.created';

/** What the event tells. More may be added, so a reader ignores what it does not know. */
export const UserCreated = Type.Object({
  id: Type.Integer(),
  email: Type.String({ maxLength: 254, pattern: '^[^\\s@]+@[^\\s@]+$' }),
  created_at: Type.String({ minLength: 1 }),
});
export type UserCreated = Static<typeof UserCreated>;

/** Tells that this user was created. */
export const userCreated = (user: { id: number; email: string; createdAt: string }): NewEvent => ({
  key: String(user.id),
  subject: USER_CREATED,
  payload: { id: user.id, email: user.email, created_at: user.createdAt } satisfies UserCreated,
});
