import { object } from '../../commands.ts';
import { CONFIG, editFlags } from '../config-edits.ts';
import { editTimeText, timeEdit } from '../time-edit.ts';
import { visit } from '../visitor.ts';
import { SHOP, type World } from '../world.ts';

/** The service asks for `enable_profiles` through OpenFeature: its route comes and goes. */
export async function editProfilesFlag({ terminal, narrator }: World): Promise<void> {
  using visitor = await visit();
  const statusIs = async (wanted: number): Promise<boolean> => (await visitor.ask('/api/profiles')).status === wanted;
  if (!(await statusIs(404))) throw new Error('the list of profiles is there before its flag is on');
  narrator.says('The list of profiles is off: GET /api/profiles is 404. Its flag is edited in the ConfigMap.');
  const on = await timeEdit(
    () => editFlags(terminal, { enable_profiles: true, enable_user_cache: false }),
    () => statusIs(200),
  );
  narrator.kept('enable_profiles on: GET /api/profiles is 200', editTimeText(on));
  await terminal.fusebox('wait', `cm/${CONFIG}`, '-n', SHOP);
  const { status } = await object<{ status: { propagationMs?: number } }>('-n', SHOP, `liveconfig/${CONFIG}`);
  narrator.kept('status says when the last pod had it', `${status.propagationMs ?? '?'} ms after the edit`);
  await terminal.fusebox('flags', 'deployment/users', '-n', SHOP, '--flag', 'enable_profiles');
}
