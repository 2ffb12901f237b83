import type { FastifyReply, RouteOptions } from 'fastify';
import { hashPassword } from '../users/password.ts';
import { sendProblem } from './problem.ts';
import { changedUserSchema, idSchema, newUserSchema, pageSchema, profileSchema, userSchema } from './schemas.ts';
import { EMAIL_TAKEN, type User, type Users } from '../users/users.ts';

// The schema of each route has checked these shapes before its handler reads them.
interface Page {
  limit: number;
  offset: number;
}
interface Body {
  email: string;
  password?: string;
}
const idOf = (params: unknown): number => (params as { id: number }).id;

const noSuchUser = (reply: FastifyReply, id: number): FastifyReply =>
  sendProblem(reply, 404, `There is no user ${id}.`);
const emailTaken = (reply: FastifyReply): FastifyReply =>
  sendProblem(reply, 409, 'Another user has this e-mail address.');

// `ada.lovelace@example.com` is shown as `Ada Lovelace`, until a service of its own knows better.
function displayName(user: User): string {
  const words = user.email
    .slice(0, user.email.lastIndexOf('@'))
    .split(/[._+-]+/)
    .filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

/** The routes of users and of the profiles derived from them. */
export const userRoutes = (users: Users): RouteOptions[] => [
  {
    method: 'GET',
    url: '/users',
    schema: { querystring: pageSchema, response: { 200: { type: 'array', items: userSchema } } },
    handler(request) {
      const { limit, offset } = request.query as Page;
      return users.list(request.scope, limit, offset);
    },
  },
  {
    method: 'POST',
    url: '/users',
    schema: { body: newUserSchema, response: { 201: userSchema } },
    async handler(request, reply) {
      const { email, password } = request.body as Required<Body>;
      const user = await users.create(request.scope, email, await hashPassword(password));
      if (user === EMAIL_TAKEN) return emailTaken(reply);
      return reply.code(201).header('location', `/users/${user.id}`).send(user);
    },
  },
  {
    method: 'GET',
    url: '/users/:id',
    schema: { params: idSchema, response: { 200: userSchema } },
    async handler(request, reply) {
      const id = idOf(request.params);
      return (await users.get(request.scope, id)) ?? noSuchUser(reply, id);
    },
  },
  {
    method: 'PUT',
    url: '/users/:id',
    schema: { params: idSchema, body: changedUserSchema, response: { 200: userSchema } },
    async handler(request, reply) {
      const id = idOf(request.params);
      const { email, password } = request.body as Body;
      const passwordHash = password === undefined ? null : await hashPassword(password);
      const user = await users.update(request.scope, id, { email, passwordHash });
      if (user === EMAIL_TAKEN) return emailTaken(reply);
      return user ?? noSuchUser(reply, id);
    },
  },
  {
    method: 'DELETE',
    url: '/users/:id',
    schema: { params: idSchema },
    async handler(request, reply) {
      const id = idOf(request.params);
      return (await users.delete(request.scope, id)) ? reply.code(204).send() : noSuchUser(reply, id);
    },
  },
  {
    method: 'GET',
    url: '/api/profiles',
    schema: { querystring: pageSchema, response: { 200: { type: 'array', items: profileSchema } } },
    async handler(request) {
      const { limit, offset } = request.query as Page;
      const page = await users.list(request.scope, limit, offset);
      return page.map((user) => ({ userId: user.id, displayName: displayName(user) }));
    },
  },
];
