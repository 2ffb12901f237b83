import { PGlite } from '@electric-sql/pglite';

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
  /** Newest first; `limit` and `offset` are counts. */
  list(limit: number, offset: number): Promise<User[]>;
  create(email: string, passwordHash: string): Promise<User | typeof EMAIL_TAKEN>;
  get(id: number): Promise<User | null>;
  update(id: number, fields: UserFields): Promise<User | null | typeof EMAIL_TAKEN>;
  /** False where there was none. */
  delete(id: number): Promise<boolean>;
  /** Fills an empty store with `user1@example.com` … `user<count>@example.com`; changes nothing in another. */
  seed(count: number, passwordHash: string): Promise<void>;
  close(): Promise<void>;
}

const schema = `
  create table if not exists users (
    id bigint generated always as identity primary key,
    email text not null,
    password_hash text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create unique index if not exists users_email on users (lower(email));
`;
const columns = 'id, email, created_at, updated_at';

interface Row {
  id: number;
  email: string;
  created_at: Date;
  updated_at: Date;
}

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

/** Opens the embedded database in `dataDir`, or in memory where it is null, and makes its table where it is missing. */
export async function openUsers(dataDir: string | null): Promise<Users> {
  const database = await PGlite.create(dataDir === null ? {} : { dataDir });
  await database.exec(schema);
  const rows = async (sql: string, values: unknown[]): Promise<User[]> =>
    (await database.query<Row>(sql, values)).rows.map(toUser);

  return {
    list: (limit, offset) => rows(`select ${columns} from users order by id desc limit $1 offset $2`, [limit, offset]),
    async create(email, passwordHash) {
      const sql = `insert into users (email, password_hash) values ($1, $2) returning ${columns}`;
      const written = await orEmailTaken(rows(sql, [email, passwordHash]));
      return written === EMAIL_TAKEN ? EMAIL_TAKEN : written[0]!;
    },
    async get(id) {
      return (await rows(`select ${columns} from users where id = $1`, [id]))[0] ?? null;
    },
    async update(id, { email, passwordHash }) {
      const sql = `update users set email = $2, password_hash = coalesce($3, password_hash), updated_at = now()
        where id = $1 returning ${columns}`;
      const written = await orEmailTaken(rows(sql, [id, email, passwordHash]));
      return written === EMAIL_TAKEN ? EMAIL_TAKEN : (written[0] ?? null);
    },
    async delete(id) {
      return (await rows(`delete from users where id = $1 returning ${columns}`, [id])).length > 0;
    },
    async seed(count, passwordHash) {
      const sql = `insert into users (email, password_hash)
        select 'user' || n || '@example.com', $2 from generate_series(1, $1::int) n where not exists (select from users)`;
      await database.query(sql, [count, passwordHash]);
    },
    close: () => database.close(),
  };
}
