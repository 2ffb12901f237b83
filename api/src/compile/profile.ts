import type { Document } from '../document.ts';
import type { SidecarProfileSpec } from '../sidecar-profile.ts';
import { mergeProfiles } from './merge.ts';
import { select } from './select.ts';
import type { Who } from './who.ts';

/** How the sidecars of these pods are to run: what injection needs, and no running sidecar is sent. Empty: nobody says. */
export const profileFor = (documents: readonly Document[], who: Who): SidecarProfileSpec =>
  mergeProfiles(select(documents, who).profiles);
