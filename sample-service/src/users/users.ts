import type { Database, Queries } from '../database/database.ts';
import { addEvent } from '../events/outbox.ts';
import { userCreated } from '../events/user-created.ts';
import type { Scope } from '../scope.ts';

/** A user as the service shows one: no password, not even its hash. */
export interface User {
  id: number;
  email: string;
  createdAt: string;
  updatedAt: string;
}

/** What is written of a user. On an update a null `passwordHash` keeps the stored one. */
interface UserFields {
  email: string;
  passwordHash: string | null;
}

/** A result that is expected: the e-mail address is another user's. */
export const EMAIL_TAKEN = 'email-taken';

/** The store of users. One e-mail address, compared without regard to case, belongs to one user. */
export interface Users {
  /** Newest first, and how many there are in all; `limit` and `offset` are counts. */
  page(scope: Scope, limit: number, offset: number): Promise<{ users: User[]; total: number }>;
  /** Newest first, those with an id below `beforeId`. */
  before(scope: Scope, limit: number, beforeId: number): Promise<User[]>;
  create(scope: Scope, email: string, passwordHash: string): Promise<User | typeof EMAIL_TAKEN>;
  get(scope: Scope, id: number): Promise<User | null>;
  update(scope: Scope, id: number, fields: UserFields): Promise<User | null | typeof EMAIL_TAKEN>;
  /** False where there was none. */
  delete(scope: Scope, id: number): Promise<boolean>;
  /** Fills an empty store with `user1@example.com` … `user<count>@example.com`; changes nothing in another. */
  seed(scope: Scope, count: number, passwordHash: string): Promise<void>;
}

const columns = 'id, email, created_at, updated_at';
// Ids grow with time, so the order is that of `created_at` and has no ties. One statement: page and total are of one moment.
const page = {
  name: 'page-of-users',
  text: `select total, page.* from (select count(*) as total from users) as all_users
    left join (select ${columns} from users order by id desc limit $1 offset $2) as page on true
    order by id desc`,
};
const before = {
  name: 'users-before',
  text: `select ${columns} from users where id < $2 order by id desc limit $1`,
};
const get = { name: 'get-user', text: `select ${columns} from users where id = $1` };
const create = {
  name: 'create-user',
  text: `insert into users (email, password_hash) values ($1, $2) returning ${columns}`,
};
const update = {
  name: 'update-user',
  text: `update users set email = $2, password_hash = coalesce($3, password_hash), updated_at = now()
    where id = $1 returning ${columns}`,
};
const remove = { name: 'delete-user', text: 'delete from users where id = $1 returning id' };
const seed = {
  name: 'seed-users',
  text: `insert into users (email, password_hash)
    select 'user' || n || '@example.com', $2 from generate_series(1, $1::int) n where not exists (select from users)
    on conflict do nothing`,
};

interface Row {
  id: number;
  email: string;
  created_at: Date;
  updated_at: Date;
}

type PageRow = { total: number } & (Row | { id: null });
const hasUser = (row: PageRow): row is { total: number } & Row => row.id !== null;

const toUser = (row: Row): User => ({
  id: row.id,
  email: row.email,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const uniqueViolation = '23505'; // PostgreSQL, appendix A: SQLSTATE unique_violation

async function orEmailTaken<T>(write: Promise<T>): Promise<T | typeof EMAIL_TAKEN> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === uniqueViolation) return EMAIL_TAKEN;
    throw error;
  }
}

/** Users in the database. */
export function createUsers(database: Database): Users {
  const one = async (queries: Queries, ...[scope, statement, values]: Parameters<Queries['rows']>) => {
    const [row] = await queries.rows<Row>(scope, statement, values);
    return row === undefined ? null : toUser(row);
  };
  return {
    async page(scope, limit, offset) {
      const rows = await database.rows<PageRow>(scope, page, [limit, offset]);
      // Of an empty page there is one row, with nothing but the total.
      return { users: rows.filter(hasUser).map(toUser), total: rows[0]!.total };
    },
    async before(scope, limit, beforeId) {
      return (await database.rows<Row>(scope, before, [limit, beforeId])).map(toUser);
    },
    create: (scope, email, passwordHash) =>
      orEmailTaken(
        // In one transaction: the user and the event that tells of it are written together or not at all.
        database.transaction(scope, async (queries) => {
          const user = (await one(queries, scope, create, [email, passwordHash]))!;
          await addEvent(queries, scope, userCreated(user));
          return user;
        }),
      ),
    get: (scope, id) => one(database, scope, get, [id]),
    update: (scope, id, { email, passwordHash }) =>
      orEmailTaken(one(database, scope, update, [id, email, passwordHash])),
    async delete(scope, id) {
      return (await database.rows(scope, remove, [id])).length > 0;
    },
    async seed(scope, count, passwordHash) {
      await database.rows(scope, seed, [count, passwordHash]);
    },
  };
}
