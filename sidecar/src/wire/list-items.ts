import { trimOws } from '../rules/ows.ts';

/** The items of a comma-separated list without quoted strings, over all its lines (RFC 9110 §5.6.1), in lower case. */
export const listItems = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',')).map((item) => trimOws(item).toLowerCase());
