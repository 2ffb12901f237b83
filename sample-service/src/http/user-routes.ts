import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import Type from 'typebox';
import type { Profiles } from '../profiles/profiles.ts';
import { ServiceError } from '../service-error.ts';
import { traceUser } from '../tracing.ts';
import type { PasswordHasher } from '../users/password-hasher.ts';
import { EMAIL_TAKEN, type User, type Users } from '../users/users.ts';
import { cursorLinks, offsetLinks, readCursor } from './pages.ts';
import { sendProblem } from './problem.ts';
import { ChangedUser, IdParams, NewUser, PageOrCursor, User as UserSchema, UserWithProfile } from './schemas.ts';

export interface UserRouteParts {
  users: Users;
  profiles: Profiles;
  hash: PasswordHasher;
}

// The schema of each route has checked these shapes before its handler reads them.
const idOf = (request: FastifyRequest): number => (request.params as IdParams).id;

const noSuchUser = (reply: FastifyReply, id: number): FastifyReply =>
  sendProblem(reply, 404, `There is no user ${id}.`, { code: 'not-found' });
const emailTaken = (reply: FastifyReply): FastifyReply =>
  sendProblem(reply, 409, 'Another user has this e-mail address.', { code: 'email-taken' });

function invalidCursor(message: string): ServiceError {
  const errors = [{ field: 'cursor', message }];
  return new ServiceError('invalid-input', `cursor ${message}.`, { members: { errors } });
}

/** The routes of users. */
export const userRoutes = ({ users, profiles, hash }: UserRouteParts): RouteOptions[] => [
  {
    method: 'GET',
    url: '/users',
    schema: { querystring: PageOrCursor, response: { 200: Type.Array(UserSchema) } },
    async handler({ scope, query }, reply): Promise<User[]> {
      const { limit, offset, cursor } = query as PageOrCursor;
      if (cursor === undefined) {
        const { users: page, total } = await users.page(scope, limit, offset);
        reply.header('x-total-count', total).header('link', offsetLinks('/users', { limit, offset, total }));
        return page;
      }
      if (offset > 0) throw invalidCursor('does not go with offset');
      const beforeId = readCursor(cursor);
      if (beforeId === null) throw invalidCursor('is none that this service has made');
      // One more than asked for tells whether there are more.
      const found = await users.before(scope, limit + 1, beforeId);
      const page = found.slice(0, limit);
      reply.header('link', cursorLinks('/users', { limit, lastId: found.length > limit ? page.at(-1)!.id : null }));
      return page;
    },
  },
  {
    method: 'POST',
    url: '/users',
    schema: { body: NewUser, response: { 201: UserSchema } },
    async handler({ scope, body }, reply) {
      const { email, password } = body as NewUser;
      const user = await users.create(scope, email, await hash(scope, password));
      if (user === EMAIL_TAKEN) return emailTaken(reply);
      traceUser(scope, user.id, true);
      return reply.code(201).header('location', `/users/${user.id}`).send(user);
    },
  },
  {
    method: 'GET',
    url: '/users/:id',
    schema: { params: IdParams, response: { 200: UserWithProfile } },
    async handler(request, reply) {
      const { scope } = request;
      const id = idOf(request);
      const user = await users.get(scope, id);
      traceUser(scope, id, user !== null);
      if (user === null) return noSuchUser(reply, id);
      const answer = await profiles.of(scope, id);
      if (answer === null) return user;
      // A user without a profile is worth more than no user.
      return 'profile' in answer
        ? { ...user, profile: answer.profile }
        : { ...user, profile: null, profileMissing: answer.missing };
    },
  },
  {
    method: 'PUT',
    url: '/users/:id',
    schema: { params: IdParams, body: ChangedUser, response: { 200: UserSchema } },
    async handler(request, reply) {
      const { scope } = request;
      const id = idOf(request);
      const { email, password } = request.body as ChangedUser;
      const passwordHash = password === undefined ? null : await hash(scope, password);
      const user = await users.update(scope, id, { email, passwordHash });
      traceUser(scope, id, user !== null);
      if (user === EMAIL_TAKEN) return emailTaken(reply);
      return user ?? noSuchUser(reply, id);
    },
  },
  {
    method: 'DELETE',
    url: '/users/:id',
    schema: { params: IdParams },
    async handler(request, reply) {
      const id = idOf(request);
      const wasThere = await users.delete(request.scope, id);
      traceUser(request.scope, id, wasThere);
      return wasThere ? reply.code(204).send() : noSuchUser(reply, id);
    },
  },
];
