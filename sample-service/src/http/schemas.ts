/** JSON Schemas of what comes in and goes out. The routes validate with them and `openapi.ts` publishes them. */

const email = { type: 'string', format: 'email', maxLength: 254 } as const; // RFC 5321 §4.5.3.1.3, less the brackets
const password = { type: 'string', minLength: 8, maxLength: 256 } as const;
const id = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const dateTime = { type: 'string', format: 'date-time' } as const;

export const userSchema = {
  type: 'object',
  required: ['id', 'email', 'createdAt', 'updatedAt'],
  properties: { id, email, createdAt: dateTime, updatedAt: dateTime },
} as const;

export const newUserSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['email', 'password'],
  properties: { email, password },
} as const;

/** A PUT without a password keeps the stored one. */
export const changedUserSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['email'],
  properties: { email, password },
} as const;

export const profileSchema = {
  type: 'object',
  required: ['userId', 'displayName'],
  properties: { userId: id, displayName: { type: 'string' } },
} as const;

export const pageSchema = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    offset: { type: 'integer', minimum: 0, maximum: 2_147_483_647, default: 0 },
  },
} as const;

export const idSchema = { type: 'object', required: ['id'], properties: { id } } as const;

export const misbehaviourSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    delayMs: { type: 'integer', minimum: 0, maximum: 600_000 },
    failRatio: { type: 'number', minimum: 0, maximum: 1 },
    status: { type: 'integer', minimum: 200, maximum: 599 },
    hang: { type: 'boolean' },
    dripMs: { type: 'integer', minimum: 0, maximum: 600_000 },
  },
} as const;

export const healthSchema = {
  type: 'object',
  required: ['status'],
  properties: { status: { const: 'ok', type: 'string' } },
} as const;

/** RFC 9457. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  },
} as const;
