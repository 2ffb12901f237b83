import { brokenSettings } from './acts/broken-settings.ts';
import { failing } from './acts/failing.ts';
import { goodbye } from './acts/goodbye.ts';
import { healing } from './acts/healing.ts';
import { healthy } from './acts/healthy.ts';
import { liveEdits } from './acts/live-edits.ts';
import { openCircuitEdited } from './acts/open-circuit-edited.ts';
import { payments } from './acts/payments.ts';
import { slow } from './acts/slow.ts';
import type { World } from './world.ts';

/** One thing that happens, and what the sidecar promises about it. It throws when it does not come to its end. */
export interface Act {
  title: string;
  run(world: World): Promise<void>;
}

/** The demo, in order: each act begins with what the one before it left, under load all the while. */
export const acts: readonly Act[] = [
  { title: 'All is well', run: healthy }, //                                   served, traced
  { title: 'The service becomes slow', run: slow }, //                         limit, queue, refusals
  { title: 'The service fails', run: failing }, //                             the circuit opens
  { title: 'The service heals', run: healing }, //                             back-off, trials, the circuit closes
  { title: 'Settings are edited under load', run: liveEdits }, //              flags, limits, modes
  { title: 'A setting is edited while a circuit is open', run: openCircuitEdited }, // state survives
  { title: 'Somebody makes a typing error', run: brokenSettings }, //          last good settings stay
  { title: 'What the service calls fails', run: payments }, //                  a breaker in the service
  { title: 'The sidecar is told to go', run: goodbye }, //                     SIGTERM loses nothing
];
