/** What the streams of the local API tell: only what a reader does not know yet. */
import { type LiveValue, type LiveValues, shortTexts, versionOf, withoutValue } from './live-values.ts';
import type { LocalAnswer, LocalState } from './local-answers.ts';

/** One event; `id` changes with what it tells. The same object stands for the same text. */
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

/** What this stream has to tell, of the state as it is whenever it is asked. */
export function newsOf(opened: Extract<LocalAnswer, { stream: string }>, { config, flagsVersion }: NewsState): News {
  if (opened.stream === 'config') {
    const { key } = opened;
    return (lastId) => {
      const news = key === null ? newsOfAll(config()) : newsOfKey(key, config());
      return news.id === lastId ? null : news;
    };
  }
  // Whoever begins has asked for the flags before, and they may have changed since: asking again costs a 304.
  return (lastId) => {
    const id = flagsVersion();
    if (id === lastId) return null;
    return { id, event: 'message', data: { type: 'refetchEvaluation', etag: `"${id}"` } };
  };
}

const wholes = new WeakMap<LiveValues, StreamNews>();

/** The same object for the same values: who follows all keys is one of many, and their texts are long. */
function newsOfAll(values: LiveValues): StreamNews {
  let news = wholes.get(values);
  if (news === undefined) {
    news = { id: idOf(versionOf(values)), event: 'config', data: shortTexts(values) };
    wholes.set(values, news);
  }
  return news;
}

const newsOfKey = (key: string, values: LiveValues): StreamNews => {
  const value = values.get(key);
  return { id: idOf(value?.digest ?? NO_KEY), event: 'config', data: told(key, value) };
};

const idOf = (digest: string): string => digest.slice('sha256:'.length, 39);

/** A value that travels by digest is fetched by whoever wants it; null stands for a key that is not there. */
function told(key: string, value: LiveValue | undefined): object {
  if (value === undefined) return { key, value: null };
  return { key, ...(typeof value.body === 'string' ? { value: value.body } : withoutValue(value)) };
}
