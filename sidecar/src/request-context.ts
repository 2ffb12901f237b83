import type { FlagContext, RouteMatch } from '@fusebox/api/snapshot.ts';
import type { Exchange } from './exchange.ts';
import type { EvaluationContext } from './rules/evaluation.ts';
import { headerText } from './rules/header-text.ts';
import { pathParameters } from './rules/path-parameters.ts';

/** What flags may know of a request: the chosen headers, and the parameters of `path`, which its path has matched. Never its body. */
export function contextOf(chosen: FlagContext | null, exchange: Exchange, path: RouteMatch['path']): EvaluationContext {
  if (chosen === null) return {};
  const known = new Map<string, string>(chosen.pathParameters ? pathParameters(path, exchange.path) : []);
  for (const [header, name] of Object.entries(chosen.headers)) {
    const value = exchange.header(header);
    if (value !== null) known.set(name, headerText(value));
  }
  return Object.fromEntries(known);
}
