import { takeInventory } from './inventory.ts';
import type { Narrator } from './narrator.ts';
import { startOutside } from './outside.ts';
import { Terminal } from './terminal.ts';
import type { World } from './world.ts';

/** A world in which the story has not begun; with it goes what was started beside the cluster. */
export async function openWorld(narrator: Narrator): Promise<World & AsyncDisposable> {
  const outside = await startOutside();
  try {
    const before = await takeInventory();
    const dispose = (): PromiseLike<void> => outside[Symbol.asyncDispose]();
    return { narrator, terminal: new Terminal(narrator), outside, before, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await outside[Symbol.asyncDispose]();
    throw error;
  }
}
