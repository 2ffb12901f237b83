import { calm } from '../calm.ts';
import { tally } from '../load.ts';
import { showMs } from '../statistics.ts';
import { until } from '../until.ts';
import { ROUTE, type World } from '../world.ts';

const longWaitMs = 60_000;
const enough = 40;

/** A circuit that has opened for a minute obeys a shorter `resetTimeout` at once, and is still the same circuit. */
export async function openCircuitEdited(world: World): Promise<void> {
  const { load, admin, witness, misbehave, promise } = world;
  const { resetTimeoutMs } = (await admin.settingsOf(ROUTE)).circuitBreaker;
  await setResetTimeout(world, longWaitMs);
  await misbehave({ failRatio: 1, status: 500 });
  const opened = await until('the circuit opens', async () => {
    const circuit = await admin.circuit(ROUTE);
    return circuit.state === 'Open' && circuit;
  });
  await misbehave({});
  await until('nothing is in flight', () => witness.inFlight === 0);

  const sinceMs = performance.now();
  const received = witness.received;
  await until(`${enough} requests are refused`, () => load.sentSince(sinceMs).length >= enough);
  const { 'circuit-open': refused = 0, ...others } = tally(load.sentSince(sinceMs));
  promise(
    'it stays open for as long as its settings say',
    witness.received === received && Object.keys(others).length === 0,
    `${refused} refused, ${(opened.retryAfterSeconds ?? 0).toFixed(0)} s to wait`,
  );

  const writtenMs = await setResetTimeout(world, resetTimeoutMs);
  const closed = await until('the circuit closes', async () => {
    const circuit = await admin.circuit(ROUTE);
    return circuit.state === 'Closed' && circuit;
  });
  promise(
    'a shorter resetTimeout holds for the opening under way',
    closed.era === opened.era,
    `closed ${showMs(performance.now() - writtenMs)} after the edit, still era ${opened.era}`,
  );
  await calm(world);
}

/** Returns once it is in force; when the write was complete (ms, monotonic). */
async function setResetTimeout({ admin, settings }: World, ms: number): Promise<number> {
  const writtenMs = settings.set('policy.yaml', 'resetTimeout', `${ms}ms`);
  await until(`resetTimeout is ${ms} ms`, async () => {
    return (await admin.settingsOf(ROUTE)).circuitBreaker.resetTimeoutMs === ms;
  });
  return writtenMs;
}
