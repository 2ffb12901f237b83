/**
 * What one writes first: `GET /users/:id` by Fastify and a pool of `pg`, and nothing else. `prepared` gives the statement a name, so
 * that PostgreSQL plans it once for each connection.
 * usage: DATABASE_URL=… node plain-users.ts PORT [prepared]
 */
import Fastify from 'fastify';
import pg from 'pg';

const [port, prepared] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const text = 'select id, email, created_at as "createdAt", updated_at as "updatedAt" from users where id = $1';
const statement = prepared === undefined ? { text } : { text, name: 'get-user' };

const app = Fastify();
app.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }, reply) => {
  const { rows } = await pool.query({ ...statement, values: [id] });
  return rows.length === 0 ? reply.code(404).send() : rows[0];
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
