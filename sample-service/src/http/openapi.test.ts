import { expect, test } from 'vitest';
import type { Misbehave } from '../misbehave.ts';
import type { Payments } from '../payments/payments.ts';
import type { Readiness } from '../readiness.ts';
import { openApi } from './openapi.ts';
import { ownRoutes } from './own-routes.ts';
import { paymentRoutes } from './payment-routes.ts';
import { profileRoutes } from './profile-routes.ts';
import { userRoutes, type UserRouteParts } from './user-routes.ts';
import type { Users } from '../users/users.ts';

// Only the tables are read, no handler runs.
const routes = [
  ...userRoutes({} as UserRouteParts),
  ...paymentRoutes({} as Users, {} as Payments),
  ...profileRoutes({} as Users),
  ...ownRoutes({} as Misbehave, {} as Readiness),
];
const methods = ['get', 'put', 'post', 'delete', 'patch'];

test('the description and the routes name the same operations', () => {
  const described = Object.entries(openApi.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((key) => methods.includes(key))
      .map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(described.toSorted()).toEqual(routes.map((route) => `${String(route.method)} ${route.url}`).toSorted());
});

test('every reference leads to a schema', () => {
  const references = JSON.stringify(openApi).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
  for (const [, name] of references) expect(openApi.components.schemas).toHaveProperty(name!);
});

test('every operation has an identity of its own', () => {
  const ids = [...JSON.stringify(openApi).matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  expect(ids).toHaveLength(routes.length);
  expect(new Set(ids).size).toBe(ids.length);
});
