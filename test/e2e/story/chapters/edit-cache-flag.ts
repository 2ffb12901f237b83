import { editFlags } from '../config-edits.ts';
import { editTimeText, timeEdit } from '../time-edit.ts';
import { visit, type Visitor } from '../visitor.ts';
import { SHOP, type World } from '../world.ts';

/** So many calls reach every pod (count): that one of two gets none has a chance of 1 in a million. */
const ENOUGH = 20;

/** What the service remembers shows when somebody else changes the database behind it. */
export async function editCacheFlag({ terminal, narrator, outside }: World): Promise<void> {
  using visitor = await visit();
  const rename = (email: string): Promise<string> =>
    terminal.psql(outside.databaseUrl, `update users set email = '${email}' where id = 1`);

  await rename('first@example.com');
  await expectAll(visitor, 'first@example.com');
  narrator.says('Without the cache, the service shows at once what is changed behind its back. Now it is switched on.');
  await editFlags(terminal, { enable_profiles: true, enable_user_cache: true });
  await terminal.fusebox('wait', 'cm/users-config', '-n', SHOP);
  await expectAll(visitor, 'first@example.com');
  await rename('second@example.com');
  await expectAll(visitor, 'first@example.com');
  narrator.kept(
    'enable_user_cache on: answers come from the cache',
    `${ENOUGH} of ${ENOUGH} show the old e-mail address`,
  );

  const off = await timeEdit(
    () => editFlags(terminal, { enable_profiles: true, enable_user_cache: false }),
    async () => (await emailOf(visitor)) === 'second@example.com',
  );
  narrator.kept('enable_user_cache off: answers come from the database', editTimeText(off));
}

async function emailOf(visitor: Visitor): Promise<string> {
  const { status, body } = await visitor.ask('/users/1');
  if (status !== 200) throw new Error(`GET /users/1: ${status} ${body}`);
  return (JSON.parse(body) as { email: string }).email;
}

async function expectAll(visitor: Visitor, email: string): Promise<void> {
  for (let count = 1; count <= ENOUGH; count += 1) {
    const got = await emailOf(visitor);
    if (got !== email) throw new Error(`answer ${count} of ${ENOUGH} has ${got}, not ${email}`);
  }
}
