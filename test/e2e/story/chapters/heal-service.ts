import { until } from '../../../support/until.ts';
import { misbehave } from '../sample-pods.ts';
import { Traffic, visit } from '../visitor.ts';
import { SHOP, type World } from '../world.ts';

const ENOUGH = 40;

/** The service is well again: trials find out, the circuit closes by itself, and the flag is on again. */
export async function healService({ terminal, narrator, outside }: World): Promise<void> {
  using visitor = await visit();
  using heard = await outside.nats.listen(`fusebox.circuit.${SHOP}.users.closed`);
  await using traffic = new Traffic(visitor, '/users/1');
  narrator.says('The service is well again. Nobody tells the sidecars.');
  await misbehave({});
  const healedMs = performance.now();
  await until('traffic is served', () => isServed(traffic), 60_000);
  narrator.kept(
    'the circuits close by themselves',
    `${((performance.now() - healedMs) / 1_000).toFixed(1)} s after the service was well`,
  );
  await until('the flag is on', async () => (await visitor.ask('/api/profiles')).status === 200);
  narrator.kept('the flag that follows the circuit is on again', 'GET /api/profiles: 200');
  await until('NATS tells it', () => heard.heard.length > 0);
  narrator.kept('a message on NATS tells it', heard.heard[0]!.subject);
  await traffic.stop();
  await terminal.look('-n', SHOP, 'get', 'liveconfigs,rp');
}

const isServed = (traffic: Traffic): boolean => {
  const newest = traffic.newest(ENOUGH);
  return newest.length === ENOUGH && newest.every(({ status }) => status === 200);
};
