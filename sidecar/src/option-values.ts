import { parseWorkloadRef } from '@fusebox/api/workload-ref.ts';
import type { WorkloadRef } from '@fusebox/api/workload-ref.ts';
import type { Parsed } from '@fusebox/runtime/option.ts';
import { nonEmpty, parseHostPort } from '@fusebox/runtime/option-values.ts';
import { accessLogModes, type AccessLogMode } from './access-line.ts';

/** Where the service is, in the form that `net.connect` takes. */
export type UpstreamAddress = { host: string; port: number } | { path: string };

/** RFC 1123 label: what namespaces are made of. */
const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelKeyPattern = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

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

/** The `https` address of an operator, or `none` for null. */
export function operatorUrl(text: string): Parsed<URL | null> {
  if (text === 'none') return { value: null };
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') return { fault: 'is not a URL like https://fusebox-operator.fusebox.svc:8443' };
  return url.href === `${url.origin}/` ? { value: url } : { fault: 'has more than a host and a port' };
}

/** A comma list of request targets. */
export function targets(text: string): Parsed<string[]> {
  const found = text.split(',').map((part) => part.trim());
  const bad = found.find((target) => !/^\/[\x21-\x7e]*$/.test(target));
  return bad === undefined ? { value: found } : { fault: `has "${bad}", which is no target like /healthz` };
}

/** The path of a file, or `none` for null. */
export function optionalFile(text: string): Parsed<string | null> {
  return text === 'none' ? { value: null } : nonEmpty(text);
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
