import { fileURLToPath } from 'node:url';
import type { LoadResult } from './load.ts';
import { runLoad } from './load.ts';
import { runSockets } from './sockets.ts';

/** What wrk sends with every request beside `host`. */
export const headers = [
  'user-agent: proxy-cost/1',
  'accept: application/json',
  'accept-encoding: gzip, deflate',
  'x-tenant: shop',
];

/** One kind of traffic. */
export interface Scenario {
  name: string;
  title: string;
  /** What is counted, as in `CPU µs/request`. */
  unit: string;
  connections: number;
  rounds: number;
  /** Turns that do not count: on Node the compiler is still at work during the first. */
  warmUpTurns: number;
  /** The names of the proxies that take part; null: all. */
  only: readonly string[] | null;
  /** One round through the proxy on this port. @throws when anything failed: what goes wrong is cheap and would flatter. */
  run: (port: number, seconds: number, core: number) => Promise<LoadResult>;
}

interface Requests {
  path: string;
  connections: number;
  script?: string;
  /** Every answer is a refusal by the proxy, and none may be anything else. */
  refused?: boolean;
}

function requests({ path, connections, script, refused = false }: Requests): Pick<Scenario, 'connections' | 'run'> {
  return {
    connections,
    async run(port, seconds, core) {
      const url = `http://127.0.0.1:${port}${path}`;
      const result = await runLoad({ url, seconds, connections, headers, script, core });
      // wrk may see a few more answers than it counts as requests, or fewer, when its time is over.
      const wrong = refused ? result.requests - result.refused > connections : result.refused > 0;
      if (result.failures > 0 || wrong)
        throw new Error(`${result.failures} connections failed, ${result.refused} of ${result.requests} were refused`);
      return result;
    },
  };
}

const script = fileURLToPath(new URL('post.lua', import.meta.url));
const tunnelling = ['sidecar', 'sidecar-unix', 'splice', 'go', 'nginx', 'haproxy', 'envoy'];
const unsampled = [...tunnelling, 'http-undici', 'reply-from'];

/** What `proxy-cost` measures, in this order; the first one decides the main targets. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'get',
    title: 'GET, answered by 200 bytes',
    unit: 'request',
    ...requests({ path: '/users/42', connections: 64 }),
    rounds: 4,
    warmUpTurns: 2,
    only: null,
  },
  {
    name: 'post',
    title: 'POST of 10 KiB',
    unit: 'request',
    ...requests({ path: '/users', connections: 64, script }),
    rounds: 3,
    warmUpTurns: 1,
    only: unsampled,
  },
  {
    name: 'large',
    title: 'GET, answered by 1 MiB',
    unit: 'request',
    ...requests({ path: '/reports/1', connections: 8 }),
    rounds: 3,
    warmUpTurns: 1,
    only: unsampled,
  },
  {
    name: 'websocket',
    title: 'WebSocket, 64 bytes there and back',
    unit: 'echo',
    connections: 64,
    run: async (port, seconds, core) => runSockets({ port, seconds, connections: 64, core }),
    rounds: 3,
    warmUpTurns: 1,
    only: tunnelling,
  },
  {
    name: 'refusal',
    title: 'GET, refused while the circuit is open',
    unit: 'request',
    ...requests({ path: '/open', connections: 64, refused: true }),
    rounds: 3,
    warmUpTurns: 1,
    only: ['sidecar'],
  },
];
