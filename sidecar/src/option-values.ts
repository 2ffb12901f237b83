import { isIP } from 'node:net';
import { accessLogModes, type AccessLogMode } from './access-line.ts';
import { parseDuration } from '@fusebox/api/duration.ts';
import { parseWorkloadRef } from '@fusebox/api/target.ts';
import type { WorkloadRef } from '@fusebox/api/target.ts';

/** What a text on the command line means, or why it means nothing (a clause that follows the quoted text). */
export type Parsed<T> = { value: T } | { fault: string };

/** Where to listen. `host` null: every address of the machine, IPv4 and IPv6. `port` 0: any free one. */
export interface ListenAddress {
  host: string | null;
  /** 0..65535 */
  port: number;
}

/** Where the service is, in the form that `net.connect` takes. */
export type UpstreamAddress = { host: string; port: number } | { path: string };

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** RFC 1123 label: what namespaces are made of. */
const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const hostNamePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/;
const labelKeyPattern = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function parsePort(text: string, lowest: number): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= lowest && port <= 65_535 ? port : null;
}

/** Splits `HOST:PORT` with IPv6 in brackets (RFC 3986 §3.2.2); an empty host is null. */
function parseHostPort(text: string, lowestPort: number): Parsed<ListenAddress> {
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

/** `HOST:PORT` or `unix:PATH`. */
export function upstreamAddress(text: string): Parsed<UpstreamAddress> {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' ? { fault: 'needs a path after "unix:"' } : { value: { path } };
  }
  const parsed = parseHostPort(text, 1);
  if ('fault' in parsed) return parsed;
  return { value: { host: parsed.value.host ?? '127.0.0.1', port: parsed.value.port } };
}

/** Any text but an empty one. */
export function nonEmpty(text: string): Parsed<string> {
  return text.trim() === '' ? { fault: 'is empty' } : { value: text };
}

export function namespace(text: string): Parsed<string> {
  return labelPattern.test(text) ? { value: text } : { fault: 'is not the name of a namespace' };
}

/** A comma list of `KIND/NAME`; kinds in any case, or as kubectl shortens them. */
export function workloads(text: string): Parsed<WorkloadRef[]> {
  const found: WorkloadRef[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const workload = parseWorkloadRef(item);
    if (workload === null) return { fault: `has "${item}", which names no workload like deployment/users` };
    found.push(workload);
  }
  return { value: found };
}

/** A comma list of `KEY=VALUE`, with the syntax of Kubernetes labels. */
export function labels(text: string): Parsed<Record<string, string>> {
  const found = new Map<string, string>();
  for (const item of text.split(',').map((part) => part.trim())) {
    const equals = item.indexOf('=');
    if (equals < 0) return { fault: `has "${item}", which is not KEY=VALUE` };
    const key = item.slice(0, equals);
    const value = item.slice(equals + 1);
    if (!labelKeyPattern.test(key)) return { fault: `has "${key}", which is not the key of a label` };
    if (!labelValuePattern.test(value)) return { fault: `has "${value}", which is not the value of a label` };
    if (found.has(key)) return { fault: `has the label "${key}" twice` };
    found.set(key, value);
  }
  return { value: Object.fromEntries(found) };
}

/** An `http` or `https` URL, or `none` for null. */
export function endpoint(text: string): Parsed<string | null> {
  if (text === 'none') return { value: null };
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return { fault: 'is not a URL like http://otel-collector:4318' };
  }
  return url.search === '' && url.hash === '' ? { value: text } : { fault: 'has a query or a fragment' };
}

/** A share from 0 to 1. */
export function ratio(text: string): Parsed<number> {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1 ? { value } : { fault: 'is not a number from 0 to 1' };
}

/** A duration from 0 to an hour, as milliseconds. */
export function duration(text: string): Parsed<number> {
  const value = parseDuration(text);
  if (value === null) return { fault: 'is not a duration (like 250ms, 5s, 2m)' };
  return value >= 0 && value <= 3_600_000 ? { value } : { fault: 'is not between 0s and 1h' };
}

const propagatorNames = ['tracecontext', 'baggage', 'b3', 'b3multi'] as const;
export type Propagator = (typeof propagatorNames)[number];

/** A comma list of formats of trace context. */
export function propagators(text: string): Parsed<Propagator[]> {
  const found: Propagator[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const known = propagatorNames.find((name) => name === item);
    if (known === undefined) return { fault: `has "${item}", which is not one of ${propagatorNames.join(', ')}` };
    found.push(known);
  }
  return { value: found };
}

export function accessLog(text: string): Parsed<AccessLogMode> {
  const mode = accessLogModes.find((known) => known === text);
  return mode === undefined ? { fault: `is not one of ${accessLogModes.join(', ')}` } : { value: mode };
}

/** A number of things, from 1. */
export function count(text: string): Parsed<number> {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 ? { value } : { fault: 'is not a whole number from 1' };
}

const binaryUnits: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A size in bytes, or with a binary unit as Kubernetes writes it (`512Ki`, `10Mi`); `none` for null. */
export function size(text: string): Parsed<number | null> {
  if (text === 'none') return { value: null };
  const [, digits, unit] = /^(\d{1,9})(|Ki|Mi|Gi)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return { fault: 'is not a size (like 65536, 512Ki, 10Mi)' };
  return { value: Number(digits) * (binaryUnits[unit] ?? 1) };
}

export function logLevel(text: string): Parsed<LogLevel> {
  const level = logLevels.find((known) => known === text);
  return level === undefined ? { fault: `is not one of ${logLevels.join(', ')}` } : { value: level };
}

export function truth(text: string): Parsed<boolean> {
  if (text === 'true') return { value: true };
  return text === 'false' ? { value: false } : { fault: 'is not true or false' };
}

/** For what a later version will have: only `none` is accepted. */
export function notYet(text: string): Parsed<null> {
  return text === 'none' ? { value: null } : { fault: 'is refused: not in this version' };
}
