/** What comes in and goes out. The routes check and write with these schemas, and `openapi.ts` publishes them. */
import Type, { type Static } from 'typebox';

const email = Type.String({
  format: 'email',
  maxLength: 254, // RFC 5321 §4.5.3.1.3, less the brackets
  pattern: '^[^\\u0000-\\u001f\\u007f]*$', // PostgreSQL cannot store NUL, and nobody means a control character
});
const password = Type.String({ minLength: 8, maxLength: 256 });
const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const dateTime = Type.String({ format: 'date-time' });
const closed = { additionalProperties: false };

export const User = Type.Object({ id, email, createdAt: dateTime, updatedAt: dateTime });

/** Where no profile service is set, the user comes without both further fields. */
export const UserWithProfile = Type.Object({
  ...User.properties,
  profile: Type.Optional(
    Type.Unsafe<{ displayName: string; about?: string } | null>({
      type: ['object', 'null'],
      required: ['displayName'],
      properties: { displayName: Type.String(), about: Type.String() },
      description: 'null: there is none at present, and profileMissing says why.',
    }),
  ),
  profileMissing: Type.Optional(
    Type.String({
      enum: ['not-found', 'timeout', 'unavailable', 'invalid'],
      description: 'Why there is no profile. All but not-found may be over at the next try.',
    }),
  ),
});

export const NewUser = Type.Object({ email, password }, closed);
export type NewUser = Static<typeof NewUser>;

/** A PUT without a password keeps the stored one. */
export const ChangedUser = Type.Object({ email, password: Type.Optional(password) }, closed);
export type ChangedUser = Static<typeof ChangedUser>;

export const Profile = Type.Object({ userId: id, displayName: Type.String() });

const page = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  offset: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 }),
};
export const Page = Type.Object(page, closed);
export type Page = Static<typeof Page>;

export const PageOrCursor = Type.Object(
  {
    ...page,
    cursor: Type.Optional(
      Type.String({
        maxLength: 64,
        pattern: '^[A-Za-z0-9_-]*$',
        description: 'Instead of offset. Empty to begin with; then as the link to the next page has it.',
      }),
    ),
  },
  closed,
);
export type PageOrCursor = Static<typeof PageOrCursor>;

export const IdParams = Type.Object({ id });
export type IdParams = Static<typeof IdParams>;

export const Misbehaviour = Type.Object(
  {
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
    failRatio: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    hang: Type.Optional(Type.Boolean()),
    dripMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
  },
  closed,
);

export const Health = Type.Object({ status: Type.Literal('ok') });

/** RFC 9457. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.Optional(Type.String({ description: 'What is wrong, for programs.' })),
  errors: Type.Optional(
    Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
      description: 'Where the request differs from its description, at most ten places.',
    }),
  ),
});
