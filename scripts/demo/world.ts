import { join, resolve } from 'node:path';
import { AdminClient, type Circuit } from './admin-client.ts';
import { Children, type Child, type LogLine } from './children.ts';
import { call } from './http-call.ts';
import { Load } from './load.ts';
import { SettingsFolder } from './settings-folder.ts';
import { PaymentService } from './payment-service.ts';
import { until } from './until.ts';
import { Watcher } from './watcher.ts';
import { Witness } from './witness.ts';

/** The route under load, as the example policy names it. */
export const ROUTE = 'users';
/** Requests per second of the clients. */
export const RATE = 80;

/** How the service shall behave from now on; what is left out is as in good days. */
interface Misbehaviour {
  delayMs?: number;
  failRatio?: number;
  status?: number;
}

/** A change of the circuit. */
export interface Transition {
  state: Circuit['state'];
  era: number;
  /** ms since 1970, by the sidecar's clock. */
  atMs: number;
}

/** Everything that an act works with. clients (`load`) → sidecar → witness → service → payment service. */
export interface World {
  readonly load: Load;
  readonly witness: Witness;
  readonly admin: AdminClient;
  readonly watcher: Watcher;
  readonly settings: SettingsFolder;
  readonly sidecar: Child;
  /** What became of the circuit, by the sidecar's own log, oldest first. */
  readonly transitions: readonly Transition[];
  /** Tells the service how to behave. */
  misbehave(how: Misbehaviour): Promise<void>;
  /** Writes down whether a promise was kept, and the figure that shows it. */
  promise(what: string, kept: boolean, figure: string): void;
  /** What the service calls when a user pays. */
  readonly payments: PaymentService;
}

interface Wishes {
  children: Children;
  settings: SettingsFolder;
  promise: World['promise'];
  /** Is told of every line of the sidecar's log and of the service's. */
  onLine: (line: LogLine) => void;
}

const root = resolve(import.meta.dirname, '../..');
/** The settings that the demo copies and edits. */
export const EXAMPLES = join(root, 'docs/examples/demo');
/** Settings of the service itself. */
const SERVICE_SETTINGS = join(import.meta.dirname, 'service.yaml');

/** Starts the service and the sidecar before it, and waits until both say that they are ready. */
export async function setUp({ children, settings, promise, onLine }: Wishes): Promise<World> {
  const standIns = await children.start({
    name: 'stand-ins',
    args: [join(root, 'sample-service/src/stand-ins/main.ts')],
  });
  const paymentsUrl = String(standIns.listening['payments_url']);
  const service = await children.start({
    name: 'service',
    args: [join(root, 'sample-service/src/main.ts'), '--config', SERVICE_SETTINGS, '--port', '0', '--seed-users', '50'],
    env: { PAYMENTS_URL: paymentsUrl },
    onLine,
  });
  const serviceUrl = urlOf(service.listening['port']);
  await until('the service is healthy', async () => (await call(`${serviceUrl}/healthz`)).status === 200);

  const witness = new Witness();
  const upstream = `127.0.0.1:${await witness.start(Number(service.listening['port']))}`;
  const transitions: Transition[] = [];
  const sidecar = await children.start({
    name: 'sidecar',
    args: [
      join(root, 'sidecar/src/main.ts'),
      '--inbound=127.0.0.1:0',
      '--admin=127.0.0.1:0',
      '--local=127.0.0.1:0',
      `--upstream=${upstream}`,
      `--config=${settings.path}`,
      '--drain-delay=2s',
    ],
    onLine(line) {
      if (line.message === 'circuit changed' && line['route'] === ROUTE) transitions.push(transitionOf(line));
      onLine(line);
    },
  });
  const inbound = urlOf(sidecar.listening['inbound']);
  const admin = new AdminClient(urlOf(sidecar.listening['admin']));
  await until('the sidecar is ready', () => admin.isReady());

  return {
    load: new Load(inbound),
    witness,
    admin,
    watcher: new Watcher(admin, ROUTE),
    settings,
    sidecar,
    transitions,
    promise,
    payments: new PaymentService(paymentsUrl, inbound),
    async misbehave(how) {
      const headers = { 'content-type': 'application/json' };
      await call(`${serviceUrl}/misbehave`, { method: 'PUT', headers, body: JSON.stringify(how) });
    },
  };
}

/** Lets go of what `setUp` opened in this process; the children are stopped by themselves. */
export function tearDown({ load, witness, admin, watcher }: World): void {
  watcher.stop();
  load.close();
  witness.close();
  admin.close();
}

const transitionOf = ({ state, era, time }: LogLine): Transition => ({
  state: state as Circuit['state'],
  era: Number(era),
  atMs: Date.parse(String(time)),
});

const urlOf = (port: unknown): string => `http://127.0.0.1:${Number(port)}`;
