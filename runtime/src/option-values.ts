/** Meanings of a text on the command line that every program has. */
import { isIP } from 'node:net';
import { parseDuration } from '@fusebox/api/duration.ts';
import { logLevels, type LogLevel } from './log.ts';
import type { Parsed } from './option.ts';

/** Where to listen. `host` null: every address of the machine, IPv4 and IPv6. `port` 0: any free one. */
export interface ListenAddress {
  host: string | null;
  /** 0..65535 */
  port: number;
}

const hostNamePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/;

function parsePort(text: string, lowest: number): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= lowest && port <= 65_535 ? port : null;
}

/** Splits `HOST:PORT` with IPv6 in brackets (RFC 3986 §3.2.2); an empty host is null. */
export function parseHostPort(text: string, lowestPort: number): Parsed<ListenAddress> {
  const colon = text.lastIndexOf(':');
  if (colon < 0) {
    return { fault: /^\d+$/.test(text) ? `is not HOST:PORT; a port alone is written ":${text}"` : 'is not HOST:PORT' };
  }
  const port = parsePort(text.slice(colon + 1), lowestPort);
  if (port === null) return { fault: `needs a port from ${lowestPort} to 65535 after the last colon` };
  const host = text.slice(0, colon);
  if (host === '') return { value: { host: null, port } };
  if (host.startsWith('[') && host.endsWith(']')) {
    const inner = host.slice(1, -1);
    return isIP(inner) === 6 ? { value: { host: inner, port } } : { fault: 'has brackets around what is not IPv6' };
  }
  if (host.includes(':')) return { fault: 'is ambiguous; IPv6 goes in brackets, like [::1]:4140' };
  if (!hostNamePattern.test(host)) return { fault: 'has an invalid host' };
  return { value: { host, port } };
}

/** `HOST:PORT`, `:PORT`, or `none` for null. */
export function listenAddress(text: string): Parsed<ListenAddress | null> {
  return text === 'none' ? { value: null } : parseHostPort(text, 0);
}

/** Any text but an empty one. */
export function nonEmpty(text: string): Parsed<string> {
  return text.trim() === '' ? { fault: 'is empty' } : { value: text };
}

/** A duration from 0 to an hour, as milliseconds. */
export function duration(text: string): Parsed<number> {
  const value = parseDuration(text);
  if (value === null) return { fault: 'is not a duration (like 250ms, 5s, 2m)' };
  return value >= 0 && value <= 3_600_000 ? { value } : { fault: 'is not between 0s and 1h' };
}

/** One of the levels of the log. */
export function logLevel(text: string): Parsed<LogLevel> {
  const level = logLevels.find((known) => known === text);
  return level === undefined ? { fault: `is not one of ${logLevels.join(', ')}` } : { value: level };
}

/** `true` or `false`. */
export function truth(text: string): Parsed<boolean> {
  if (text === 'true') return { value: true };
  return text === 'false' ? { value: false } : { fault: 'is not true or false' };
}

/** For what a later version will have: only `none` is accepted. */
export function notYet(text: string): Parsed<null> {
  return text === 'none' ? { value: null } : { fault: 'is refused: not in this version' };
}
