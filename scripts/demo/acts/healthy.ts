import { failuresIn, tally } from '../load.ts';
import { until } from '../until.ts';
import { median, showMs } from '../statistics.ts';
import { RATE, type World } from '../world.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const shown = 320;

/** All is well: requests are served, and carry their trace to the service. */
export async function healthy(world: World): Promise<void> {
  const { load, promise } = world;
  const sinceMs = performance.now();
  load.run(RATE);
  const samples = await until(`${shown} requests have ended`, () => {
    const ended = load.sentSince(sinceMs);
    return ended.length >= shown && ended;
  });
  const served = samples.filter(({ outcome }) => outcome === '200');
  const ms = showMs(median(served.map(({ sentMs, endedMs }) => endedMs - sentMs)));
  const failures = failuresIn(tally(samples));
  promise('every request is served', failures.count === 0, `${served.length}, ${failures.text}, ${ms} (median)`);
  await traced(world);
}

async function traced({ load, witness, promise }: World): Promise<void> {
  const id = 'demo-trace';
  await load.send('/users?limit=1', {
    'x-request-id': id,
    traceparent: `00-${traceId}-${parentId}-01`,
    tracestate: 'shop=basket',
    baggage: 'tier=gold',
  });
  const { traceparent, tracestate, baggage, via } = witness.headersOf.get(id) ?? {};
  const passedOn = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(traceparent));
  const fresh = passedOn?.[2] !== parentId;
  promise(
    "the caller's trace goes on to the service",
    passedOn?.[1] === traceId && fresh && tracestate === 'shop=basket' && baggage === 'tier=gold' && via !== undefined,
    `…${String(passedOn?.[1]).slice(-4)}: parent ${parentId.slice(0, 6)}… → ${String(passedOn?.[2]).slice(0, 6)}…`,
  );
}
