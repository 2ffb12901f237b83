/**
 * Which settings of a source are in force. A bad edit leaves the last good settings in force, also through a restart of the
 * operator: they are kept in a ControllerRevision. A source that never was good has none, and blocks nobody. Only one
 * that was good once, and of which nobody knows any more what stood in it, freezes the pods it is for: to compile without
 * it would take settings away that somebody relies on.
 */
import type { Document } from '@fusebox/api/document.ts';
import { type Source, tagOf } from './source.ts';

export type InForce =
  | { state: 'current'; document: Document; tag: string }
  /** The present settings are bad; `tag` is that of the ones in force. */
  | { state: 'lastGood'; document: Document; tag: string }
  /** It never was good. */
  | { state: 'none' }
  /** Bad, and the last good settings stand in this ControllerRevision, which must be read first. */
  | { state: 'saved'; revision: string }
  /** Bad, and the last good settings are lost. */
  | { state: 'frozen' };

/** What is known about a source from before this process began. */
export interface Traces {
  /** Name of the ControllerRevision with its last good settings; null: there is none. */
  revision: string | null;
  /** Does its status say that it was accepted once? */
  wasAccepted: boolean;
}

/** What is in force now, given what was before (null: this process sees the source for the first time). */
export function inForceOf(source: Source, before: InForce | null, traces: Traces): InForce {
  if ('document' in source.reading) return { state: 'current', document: source.reading.document, tag: tagOf(source) };
  if (before !== null) return before.state === 'current' ? { ...before, state: 'lastGood' } : before;
  if (traces.revision !== null) return { state: 'saved', revision: traces.revision };
  return { state: traces.wasAccepted ? 'frozen' : 'none' };
}

/** The settings in force; null: none are, or they are not known. */
export const documentInForce = (inForce: InForce): Document | null =>
  inForce.state === 'current' || inForce.state === 'lastGood' ? inForce.document : null;

/** Must the pods it is for keep what they run? */
export const holds = ({ state }: InForce): boolean => state === 'saved' || state === 'frozen';
