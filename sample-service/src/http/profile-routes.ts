import type { RouteOptions } from 'fastify';
import Type from 'typebox';
import type { User, Users } from '../users/users.ts';
import { Page, Profile } from './schemas.ts';

// `ada.lovelace@example.com` is shown as `Ada Lovelace`.
function displayName(user: User): string {
  const words = user.email
    .slice(0, user.email.lastIndexOf('@'))
    .split(/[._+-]+/)
    .filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

/** The list of profiles: there while the flag `enable_profiles` is on. */
export const profileRoutes = (users: Users): RouteOptions[] => [
  {
    method: 'GET',
    url: '/api/profiles',
    schema: { querystring: Page, response: { 200: Type.Array(Profile) } },
    config: { flag: 'enable_profiles' },
    async handler(request) {
      const { limit, offset } = request.query as Page;
      const page = await users.page(request.scope, limit, offset);
      return page.users.map((user) => ({ userId: user.id, displayName: displayName(user) }));
    },
  },
];
