import type { RouteMatch } from '@fusebox/api/snapshot.ts';
import { normalisePath } from './request-path.ts';

/** The parameters of a path that matched this, by name, unescaped; of one that is no pattern: none. */
export function pathParameters(match: RouteMatch['path'], path: string): [name: string, value: string][] {
  if (match.kind !== 'pattern') return [];
  const segments = normalisePath(path).slice(1).split('/');
  const values = segments.filter((_, at) => match.segments[at] === null);
  return match.names.flatMap((name, at): [string, string][] => {
    const value = values[at];
    return value === undefined ? [] : [[name, unescaped(value)]];
  });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
