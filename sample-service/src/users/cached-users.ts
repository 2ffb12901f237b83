import type { ReadThrough } from '../cache/read-through.ts';
import type { Flags } from '../flags/flags.ts';
import { backgroundScope } from '../scope.ts';
import type { User, Users } from './users.ts';

/**
 * Users, read through a cache while the flag `enable_user_cache` is on. Changes reach the cache also while it is off: it
 * may be on in another process, or in a moment.
 */
export function cachedUsers(users: Users, cached: ReadThrough<User>, flags: Flags): Users {
  return {
    ...users,
    get(scope, id) {
      if (!flags.isOn('enable_user_cache', scope)) return users.get(scope, id);
      // Others may wait for the same user: it is read also when the client who was first has gone.
      return cached.get(String(id), () => users.get(backgroundScope(scope.requestId, undefined, scope.trace), id));
    },
    update: (scope, id, fields) => cached.change(String(id), () => users.update(scope, id, fields)),
    delete: (scope, id) => cached.change(String(id), () => users.delete(scope, id)),
  };
}
