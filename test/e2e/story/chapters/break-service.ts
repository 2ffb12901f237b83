import { until } from '../../../support/until.ts';
import { kubectl, object } from '../../commands.ts';
import { editFlags } from '../config-edits.ts';
import { misbehave } from '../sample-pods.ts';
import { refusalOf, Traffic, visit } from '../visitor.ts';
import { SHOP, type World } from '../world.ts';

/** A flag that is off while the circuit of a route is open. */
const FOLLOWING = {
  state: 'ENABLED',
  variants: { shown: true, hidden: false },
  defaultVariant: 'shown',
  offWhile: { circuitOpen: 'inbound/user' },
};
const ENOUGH = 20;

/** Every call fails: the circuit opens, whoever listens hears of it, and a flag that follows the circuit goes off. */
export async function breakService(world: World): Promise<void> {
  const { terminal, narrator, outside } = world;
  using visitor = await visit();
  using heard = await outside.nats.listen(`fusebox.circuit.${SHOP}.users.opened`);
  narrator.says('The flag is told to follow the circuit of the route `user`. Then the service fails each call.');
  await editFlags(terminal, { enable_profiles: FOLLOWING, enable_user_cache: false });
  await terminal.fusebox('wait', 'cm/users-config', '-n', SHOP);

  await using traffic = new Traffic(visitor, '/users/1');
  await until('there was some traffic', () => traffic.answers.length >= ENOUGH);
  await misbehave({ failRatio: 1 });
  const failedMs = performance.now();
  await until('the circuits are open', () => isRefused(traffic), 30_000);
  const openMs = performance.now();
  tellRefusal(world, traffic, openMs - failedMs);

  const isOff = async (): Promise<boolean> => refusalOf(await visitor.ask('/api/profiles')) === 'flag-off';
  await until('the flag is off', isOff);
  const offMs = Math.round(performance.now() - openMs);
  narrator.kept('a flag with offWhile goes off with it', `GET /api/profiles: 404 flag-off, ${offMs} ms later`);
  await terminal.fuseboxUntil('CIRCUIT_OPEN', 'flags', 'deployment/users', '-n', SHOP, '--flag', 'enable_profiles');

  narrator.kept('status names the open circuits', await until('status tells it', openCircuits));
  await terminal.look('-n', SHOP, 'get', 'rp');
  const message = await until('NATS tells it', () => heard.heard[0]);
  const { data } = JSON.parse(message.body) as { data: { route: string; reason: string } };
  narrator.kept('a message on NATS tells it', `${message.subject}: ${data.route}, ${data.reason}`);
  await until('an Event tells it', async () => (await openedEvents(kubectl)).includes('circuit'));
  narrator.shows(await openedEvents((args) => terminal.kubectl(...args)));
  narrator.kept('Events tell it', 'reason CircuitOpened');
  await traffic.stop();
}

function tellRefusal({ narrator }: World, traffic: Traffic, openMs: number): void {
  const refused = traffic.answers.findLast((answer) => refusalOf(answer) === 'circuit-open')!;
  const { status, headers, tookMs } = refused;
  const reason = String(refusalOf(refused));
  narrator.shows(`HTTP ${status}\nfusebox-reason: ${reason}\nretry-after: ${headers['retry-after']}`);
  narrator.kept(
    'the circuits open and refuse',
    `${Math.round(openMs)} ms after the service began to fail; a refusal took ${tookMs.toFixed(1)} ms`,
  );
}

async function openCircuits(): Promise<string | undefined> {
  const { status } = await object<{ status: { openCircuits?: string } }>('-n', SHOP, 'rp/users');
  return status.openCircuits;
}

const openedEvents = (run: (args: string[]) => Promise<string>): Promise<string> =>
  run([
    '-n',
    SHOP,
    'get',
    'events',
    '--field-selector',
    'reason=CircuitOpened',
    '-o',
    'custom-columns=TYPE:.type,ABOUT:.involvedObject.name,MESSAGE:.message',
  ]);

const isRefused = (traffic: Traffic): boolean => {
  const newest = traffic.newest(ENOUGH);
  return newest.every((answer) => refusalOf(answer) === 'circuit-open');
};
