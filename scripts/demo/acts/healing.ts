import { calm } from '../calm.ts';
import { showMs } from '../statistics.ts';
import { until } from '../until.ts';
import { ROUTE, type Transition, type World } from '../world.ts';

/** The service heals: while it is ill a few trials find out, and once it is well the circuit closes by itself. */
export async function healing(world: World): Promise<void> {
  const { admin, witness, watcher, transitions, misbehave, promise } = world;
  const allowed = (await admin.settingsOf(ROUTE)).circuitBreaker.halfOpenAllowedRequests;
  watcher.forget();
  const trials = await failedTrials(world);
  promise(
    'an open circuit lets nothing through, then a few trials',
    trials > 0 && trials <= allowed,
    `${trials} trials, at most ${allowed} may`,
  );

  await misbehave({});
  const healedMs = performance.now();
  const closed = await until('the circuit closes', async () => {
    const circuit = await admin.circuit(ROUTE);
    return circuit.state === 'Closed' && circuit;
  });
  const closedMs = performance.now();
  const gotBefore = witness.received;
  await calm(world);
  const waits = waitsOf(transitions);
  const longer = waits.length >= 2 && waits.every((wait, at) => at === 0 || Number(wait) > Number(waits[at - 1]));
  promise('it waits longer after trials that failed', longer, `open for ${waits.join(' s, then ')} s`);
  const inTrial = watcher.maxTrials;
  promise(
    `it tries with at most ${allowed} at once, and closes by itself`,
    closed.state === 'Closed' && inTrial <= allowed,
    `closed ${showMs(closedMs - healedMs)} after the service was well`,
  );
  const flows = (await admin.circuit(ROUTE)).state === 'Closed' && witness.received > gotBefore;
  promise('traffic is served again', flows, `40 of 40, ${showMs(performance.now() - closedMs)} later`);
}

/** Waits until a circuit that is open has tried once in vain. How many calls the service got meanwhile. */
async function failedTrials({ admin, witness }: World): Promise<number> {
  const first = await until('nothing is in flight', async () => {
    const circuit = await admin.circuit(ROUTE);
    return circuit.state === 'Open' && witness.inFlight === 0 && circuit;
  });
  const before = witness.received;
  await until('trials have failed', async () => {
    const circuit = await admin.circuit(ROUTE);
    return circuit.state === 'Open' && circuit.era > first.era;
  });
  return witness.received - before;
}

/** How long it was open each time, until it tried (s). */
function waitsOf(transitions: readonly Transition[]): string[] {
  const opened = new Map(transitions.filter(({ state }) => state === 'Open').map(({ era, atMs }) => [era, atMs]));
  return transitions
    .filter(({ state }) => state === 'HalfOpen')
    .map(({ era, atMs }) => ((atMs - (opened.get(era) ?? atMs)) / 1000).toFixed(1));
}
