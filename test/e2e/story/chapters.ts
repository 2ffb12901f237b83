import { applyPolicy } from './chapters/apply-policy.ts';
import { breakService } from './chapters/break-service.ts';
import { changeSidecars } from './chapters/change-sidecars.ts';
import { editCacheFlag } from './chapters/edit-cache-flag.ts';
import { editProfilesFlag } from './chapters/edit-profiles-flag.ts';
import { healService } from './chapters/heal-service.ts';
import { install } from './chapters/install.ts';
import { installSample } from './chapters/install-sample.ts';
import { tightenBreaker } from './chapters/tighten-breaker.ts';
import { traceRequest } from './chapters/trace-request.ts';
import { uninstall } from './chapters/uninstall.ts';
import type { World } from './world.ts';

/** One thing that somebody does on a cluster, and what is promised about it. It throws where a promise does not hold. */
export interface Chapter {
  title: string;
  run(world: World): Promise<void>;
}

/** Table of contents. Each chapter begins with what the one before it left. */
export const chapters: readonly Chapter[] = [
  { title: 'Fusebox is installed', run: install }, //                          kinds, operator, webhooks
  { title: 'A service is given a sidecar', run: installSample }, //            injection, a ConfigMap with its settings
  { title: 'A flag is edited', run: editProfilesFlag }, //                     enable_profiles, in milliseconds
  { title: 'Another flag switches the cache', run: editCacheFlag }, //         enable_user_cache
  { title: 'One request is traced', run: traceRequest }, //                    sidecar, handler, query, profile call
  { title: 'A policy is applied', run: applyPolicy }, //                       get rp: 2/2
  { title: 'A breaker is tightened', run: tightenBreaker }, //                 what it has seen counts at once
  { title: 'The service fails', run: breakService }, //                        circuit, Event, NATS, offWhile
  { title: 'The service heals', run: healService }, //                         trials, the circuit closes, the flag is back
  { title: 'All sidecars are changed', run: changeSidecars }, //               helm upgrade
  { title: 'Fusebox is removed', run: uninstall }, //                          nothing stays but what is documented
];
