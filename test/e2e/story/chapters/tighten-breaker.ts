import { until } from '../../../support/until.ts';
import { misbehave } from '../sample-pods.ts';
import { editTimeText, timeEdit } from '../time-edit.ts';
import { refusalOf, Traffic, visit } from '../visitor.ts';
import { SHOP, type World } from '../world.ts';

const FAIL_RATIO = 0.2;
/** Of a failing service, before the breaker is tightened (count): each pod's circuit has seen enough to judge. */
const CALLS = 300;
const CALM = 20;

/** A circuit judges what it has seen by the settings in force now: a threshold that is lowered opens it with the next call. */
export async function tightenBreaker({ terminal, narrator }: World): Promise<void> {
  using visitor = await visit();
  await using traffic = new Traffic(visitor, '/users/1');
  await until('there was some traffic', () => traffic.answers.length >= CALM);
  narrator.says(`One call in ${1 / FAIL_RATIO} fails from now on. The policy opens a circuit at a half.`);
  await misbehave({ failRatio: FAIL_RATIO });
  const from = traffic.answers.length;
  await until(`${CALLS} calls were answered`, () => traffic.answers.length >= from + CALLS, 30_000);
  const failing = traffic.answers.slice(from);
  const failed = failing.filter(({ status }) => status === 500).length;
  const refused = failing.filter((answer) => refusalOf(answer) !== undefined).length;
  if (refused > 0) throw new Error(`${refused} of ${failing.length} calls were refused although ${failed} failed`);
  narrator.kept('the circuits stay closed', `${failed} of ${failing.length} calls failed, none was refused`);

  const tightened = await timeEdit(
    () => setThreshold(10),
    async () => refusalOf(await visitor.ask('/users/1')) === 'circuit-open',
  );
  narrator.kept('failureRateThreshold 10: the circuits open', editTimeText(tightened));

  await misbehave({});
  await setThreshold(50);
  await until('the circuits are closed again', () => isCalm(traffic), 30_000);
  await traffic.stop();

  function setThreshold(failureRateThreshold: number): Promise<string> {
    const spec = { inbound: { defaults: { circuitBreaker: { failureRateThreshold } } } };
    return terminal.kubectl('-n', SHOP, 'patch', 'rp/users', '--type=merge', '-p', JSON.stringify({ spec }));
  }
}

const isCalm = (traffic: Traffic): boolean => {
  const newest = traffic.newest(2 * CALM);
  return newest.length === 2 * CALM && newest.every(({ status }) => status === 200);
};
