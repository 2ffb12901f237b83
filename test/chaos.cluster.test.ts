/**
 * Nothing that status says is a lie: edits, good and bad, while sidecars are wedged, restarted and cut off and replicas of the operator are
 * killed. What sidecars enforced and what status said is recorded apart from the operator, and compared when all is over. A longer run:
 *
 *   FUSEBOX_CHAOS_EDITS=5000 FUSEBOX_CHAOS_SEED=7 npx vitest run --project cluster test/chaos
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SOURCES, World } from './chaos/world.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { Chance } from './fuzz/chance.ts';

const EDITS = Number(process.env['FUSEBOX_CHAOS_EDITS'] ?? 300);
const SEED = Number(process.env['FUSEBOX_CHAOS_SEED'] ?? Math.floor(Math.random() * 1e9));
/** About this long an edit takes, with the pause after it (ms). */
const EDIT_MS = 170;

let cluster: TestCluster;
let world: World;

beforeAll(async () => {
  cluster = await startCluster();
  world = await World.create(cluster.kubeconfigPath);
}, 900_000);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await cluster?.stop();
}, 60_000);

async function edits(count: number): Promise<void> {
  const chance = new Chance(SEED, 1);
  for (let edit = 0; edit < count; edit += 1) {
    await world.edit(chance.pick(SOURCES), !chance.oneIn(5));
    // Mostly close together; now and then there is time to become true.
    await pause(chance.oneIn(8) ? 700 : chance.below(180));
  }
}

/** Wedges, restarts and cuts off one sidecar after the other. */
async function disturbSidecars(ended: () => boolean): Promise<void> {
  const chance = new Chance(SEED, 2);
  while (!ended()) {
    await pause(300 + chance.below(900));
    const which = chance.below(world.sidecars.length);
    const sidecar = world.sidecars[which]!;
    const path = world.paths[which]!;
    const whileMs = chance.below(1_500);
    switch (chance.below(5)) {
      case 0: {
        sidecar.signal('SIGSTOP');
        await pause(whileMs);
        sidecar.signal('SIGCONT');
        break;
      }
      case 1: {
        await sidecar.kill();
        sidecar.start();
        break;
      }
      case 2: {
        path.cut();
        await pause(whileMs);
        path.open();
        break;
      }
      case 3: {
        path.hang();
        await pause(whileMs);
        path.open();
        break;
      }
      default: {
        await world.rove(chance.pick(['users', 'orders']), !chance.oneIn(3));
      }
    }
  }
}

/** Kills one replica after the other, often while something is bad; the sidecars then spread over all that there are. */
async function killOperators(ended: () => boolean): Promise<void> {
  const chance = new Chance(SEED, 3);
  for (;;) {
    for (let waited = 0, waitMs = 4_000 + chance.below(6_000); waited < waitMs; waited += 100) {
      if (ended()) return;
      await pause(100);
    }
    // The other one needs some time to lead, in which nobody says anything.
    const wanted = chance.oneIn(4);
    const slot = world.operators.slots.find((one) => world.operators.writes(one) === wanted);
    if (slot === undefined) continue;
    await world.edit(chance.pick(SOURCES), chance.oneIn(3));
    await world.operators.kill(slot);
    await pause(chance.below(2_000));
    await world.operators.start(slot);
    for (const path of world.paths) path.drop();
  }
}

test(
  `whenever status says that all obey an edit, they do (${EDITS} edits, seed ${SEED})`,
  async () => {
    let ended = false;
    const isEnded = (): boolean => ended;
    const disturbing = [disturbSidecars(isEnded), killOperators(isEnded)];
    await edits(EDITS);
    ended = true;
    await Promise.all(disturbing);
    await world.heal();
    const { lies, losses, ...counts } = world.verdict();
    process.stderr.write(`chaos: ${JSON.stringify(counts)}\n`);
    expect(lies).toEqual([]);
    expect(losses).toEqual([]);
    // Something was compared at all.
    expect(counts.compared).toBeGreaterThan(EDITS / 2);
    expect(counts.unknown).toBeLessThan(counts.enforced / 20);
  },
  120_000 + EDITS * EDIT_MS * 4,
);

test('an API server that is killed, and an etcd that stands still, cost nobody anything', async () => {
  let ended = false;
  const isEnded = (): boolean => ended;
  const chance = new Chance(SEED, 4);
  const editing = (async () => {
    while (!isEnded()) {
      await world.edit(chance.pick(SOURCES), true).catch(() => {});
      await pause(100);
    }
  })();
  await pause(500);
  await cluster.restartApiServer();
  await pause(500);
  cluster.pauseEtcd();
  await pause(4_000);
  cluster.resumeEtcd();
  await pause(500);
  ended = true;
  await editing;
  await world.heal();
  const { lies, losses } = world.verdict();
  expect(lies).toEqual([]);
  expect(losses).toEqual([]);
}, 180_000);
