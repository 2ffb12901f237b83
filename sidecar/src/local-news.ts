/** What the streams of the local API tell: only what a reader does not know yet. */
import { type LiveValue, shortTexts, versionOf, withoutValue } from './live-values.ts';
import type { LocalAnswer, LocalState } from './local-answers.ts';

/** One event; `id` changes with what it tells. */
export interface StreamNews {
  id: string;
  event: string;
  data: unknown;
}

/** What news are made of. */
export interface NewsState extends LocalState {
  /** Names what the flags say to everybody: it changes with their definitions, and when one of them follows its circuit. */
  readonly flagsVersion: () => string;
}

/** The news of this stream to somebody who was told last what has this id (null: nothing yet); null: there are none. */
export type News = (lastId: string | null) => StreamNews | null;

/** In the place of the digest of a key that is not there. */
const NO_KEY = 'sha256:none';

export function newsOf(opened: Extract<LocalAnswer, { stream: string }>, { config, flagsVersion }: NewsState): News {
  if (opened.stream === 'config') {
    const { key } = opened;
    return (lastId) => {
      const values = config();
      const id = (key === null ? versionOf(values) : (values.get(key)?.digest ?? NO_KEY)).slice('sha256:'.length, 39);
      if (id === lastId) return null;
      return { id, event: 'config', data: key === null ? shortTexts(values) : told(key, values.get(key)) };
    };
  }
  // Whoever begins has asked for the flags before, and they may have changed since: asking again costs a 304.
  return (lastId) => {
    const id = flagsVersion();
    if (id === lastId) return null;
    return { id, event: 'message', data: { type: 'refetchEvaluation', etag: `"${id}"` } };
  };
}

/** A value that travels by digest is fetched by whoever wants it; null stands for a key that is not there. */
function told(key: string, value: LiveValue | undefined): object {
  if (value === undefined) return { key, value: null };
  return { key, ...(typeof value.body === 'string' ? { value: value.body } : withoutValue(value)) };
}
