/** What people may name on the command line, and where it stands in the API. */
import { API_VERSION, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import { nearestName } from '@fusebox/api/nearest-name.ts';

/** Kinds that `status` and `wait` speak of. A ConfigMap is spoken for by the LiveConfig of its name. */
export type NamedKind = keyof typeof RESOURCE_NAMES | 'ConfigMap';

const CONFIG_MAP_WORDS = ['configmap', 'configmaps', 'cm'];

const WORDS: ReadonlyMap<string, NamedKind> = new Map<string, NamedKind>([
  ...Object.entries(RESOURCE_NAMES).flatMap(([kind, { plural, singular, shortNames }]) =>
    [plural, singular, ...shortNames].map((word) => [word, kind as NamedKind] as const),
  ),
  ...CONFIG_MAP_WORDS.map((word) => [word, 'ConfigMap'] as const),
]);

/** An object as people name it. */
export interface ObjectName {
  kind: NamedKind;
  name: string;
}

/** Reads `rp/users`, the kind in any case and in each of its forms; otherwise says what is wrong. */
export function parseObjectName(text: string): ObjectName | { fault: string } {
  const [word = '', name = '', ...rest] = text.split('/');
  const kind = WORDS.get(word.toLowerCase());
  if (kind === undefined) {
    const nearest = nearestName(word.toLowerCase(), [...WORDS.keys()]);
    const meant = nearest === null ? `known are ${[...WORDS.keys()].join(', ')}` : `did you mean ${nearest}?`;
    return { fault: `"${word}" is not a kind; ${meant}` };
  }
  if (name === '' || rest.length > 0) return { fault: `"${text}" names no object: write it like ${word}/users` };
  return { kind, name };
}

/** The path of all objects of a kind in a namespace; null: in all namespaces. */
export function listPath(kind: NamedKind, namespace: string | null): string {
  const scope = namespace === null ? '' : `/namespaces/${namespace}`;
  if (kind === 'ConfigMap') return `/api/v1${scope}/configmaps`;
  return `/apis/${API_VERSION}${scope}/${RESOURCE_NAMES[kind].plural}`;
}

/** The path of one object. */
export const objectPath = ({ kind, name }: ObjectName, namespace: string): string =>
  `${listPath(kind, namespace)}/${encodeURIComponent(name)}`;
