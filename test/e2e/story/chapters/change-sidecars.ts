import { randomBytes } from 'node:crypto';
import { until } from '../../../support/until.ts';
import { kubectl, object } from '../../commands.ts';
import { visit } from '../visitor.ts';
import { FUSEBOX, SHOP, type World } from '../world.ts';

interface Profile {
  status: { conditions: { type: string; status: string; reason: string; message: string }[] };
}

const CALLS = 20;

/** `helm upgrade` with other settings of all sidecars: some reach those that run, others need new pods, and status says which. */
export async function changeSidecars(world: World): Promise<void> {
  const { terminal, narrator } = world;
  narrator.says(
    'Of calls that no caller samples, a sidecar traces one in a hundred. Now each, with a line in its log.',
  );
  await terminal.helm(
    ...['upgrade', 'fusebox', 'charts/fusebox', '--namespace', FUSEBOX, '--reuse-values'],
    ...['--set', 'sidecar.tracing.sampleRatio=1', '--set', 'sidecar.accessLog.mode=All', '--wait', '--timeout', '180s'],
  );
  await terminal.fusebox('wait', 'scp/default', '-n', FUSEBOX);
  narrator.kept(
    'the share of traces reaches sidecars that run',
    `${await countTraced(world)} of ${CALLS} calls are traced`,
  );

  const outdated = await until('status tells of old pods', async () => {
    const condition = await degraded();
    return condition?.status === 'True' && condition;
  });
  narrator.kept('status says what needs new pods', `${outdated.reason}: ${outdated.message}`);
  await terminal.kubectl('-n', SHOP, 'rollout', 'restart', 'deployment/users');
  await terminal.kubectl('-n', SHOP, 'rollout', 'status', 'deployment/users', '--timeout=180s');
  await until('status is well again', async () => (await degraded())?.status !== 'True', 30_000);
  narrator.kept('new pods have all of it', 'Degraded is over');
  await expectAccessLine(world);
}

/** How many of some calls are told of by spans. @throws Error when not all are */
async function countTraced({ outside }: World): Promise<number> {
  using visitor = await visit();
  const mark = randomBytes(4).toString('hex');
  for (let count = 1; count <= CALLS; count += 1) await visitor.ask(`/users/1?call=${mark}-${count}`);
  const traced = (): number => {
    const queries = outside.spans.spans.map(({ attributes }) => String(attributes['url.query']));
    return new Set(queries.filter((query) => query.includes(mark))).size;
  };
  await until('every call is traced', () => traced() >= CALLS);
  return traced();
}

async function degraded(): Promise<Profile['status']['conditions'][number] | undefined> {
  const { status } = await object<Profile>('-n', FUSEBOX, 'sidecarprofile/default');
  return status.conditions.find(({ type }) => type === 'Degraded');
}

async function expectAccessLine({ terminal, narrator }: World): Promise<void> {
  using visitor = await visit();
  for (let count = 1; count <= CALLS; count += 1) await visitor.ask('/users/1');
  const last = ['-n', SHOP, 'logs', '-l', 'app.kubernetes.io/name=users', '-c', 'fusebox', '--tail=1'];
  await until('a call is logged', async () => (await kubectl(last)).includes('/users/1'));
  narrator.shows(await terminal.kubectl(...last));
  narrator.kept('each call has a line in the log of its sidecar', 'accessLog.mode All');
}
