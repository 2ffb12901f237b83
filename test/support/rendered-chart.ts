/** What helm makes of a chart of this repository, with no cluster. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { installTools } from './helm.ts';

const CHARTS = resolve(import.meta.dirname, '../../charts');

export interface ChartContainer {
  name: string;
  image: string;
  imagePullPolicy: string;
  command?: string[];
  args?: string[];
  env: { name: string; value?: string }[];
  envFrom?: object[];
  ports: { name: string; containerPort: number }[];
  resources?: object;
  securityContext: object;
  volumeMounts?: { name: string; mountPath: string }[];
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: ChartContainer[]; volumes?: object[] } & Record<string, unknown>;
}

/** An object of a chart, as far as tests look at it. */
export interface ChartObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: { replicas?: number; template: PodTemplate } & Record<string, unknown>;
  data: Record<string, string>;
  rules: { resources: string[] }[];
  webhooks: Webhook[];
}

export interface Webhook {
  name: string;
  clientConfig: { service: { namespace: string; name: string; path: string }; caBundle?: string };
  failurePolicy: string;
  namespaceSelector?: { matchExpressions?: { values: string[] }[] };
}

/** The objects of one rendering. */
export class Rendered {
  readonly objects: readonly ChartObject[];

  constructor(text: string) {
    const parts = readYaml(text);
    const faults = parts.flatMap((part) => part.faults);
    if (faults.length > 0) throw new Error(JSON.stringify(faults));
    this.objects = parts.flatMap(({ value }) => (value === null ? [] : [value as ChartObject]));
  }

  /** `Kind/name` of each, in the order of the alphabet. */
  get names(): string[] {
    return this.objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
  }

  /** The object that is called `Kind/name`. @throws Error where there is none */
  get(wanted: string): ChartObject {
    const found = this.objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === wanted);
    if (found === undefined) throw new Error(`there is no ${wanted} among ${this.names.join(', ')}`);
    return found;
  }

  /** The pods of a Deployment. */
  pod(deployment: string): PodTemplate {
    return this.get(`Deployment/${deployment}`).spec.template;
  }

  /** Its first container. */
  container(deployment: string): ChartContainer {
    return this.pod(deployment).spec.containers[0]!;
  }
}

/** What a command of helm printed, and how it ended. */
export function runHelm(args: readonly string[], input = ''): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(installTools().helm, args, { input, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

/** Renders a chart with these values, by their paths. @throws Error in helm's own words where it refuses */
export function render(chart: string, values: Record<string, unknown> = {}, more: readonly string[] = []): Rendered {
  const input = JSON.stringify(nested(values));
  const args = ['template', 'release', resolve(CHARTS, chart), '--namespace', 'fusebox', '--values', '-', ...more];
  const key = JSON.stringify([args, input]);
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const { status, text } = runHelm(args, input);
  if (status !== 0) throw new Error(text);
  const made = new Rendered(text);
  rendered.set(key, made);
  return made;
}

/** Charts do not change while tests run. */
const rendered = new Map<string, Rendered>();

function nested(values: Record<string, unknown>): object {
  const top: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    const last = keys.pop()!;
    let at = top;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return top;
}

/** Is it one of these paths, or in one of them? */
export const isUnder = (path: string, paths: readonly string[]): boolean =>
  paths.some((one) => path === one || path.startsWith(`${one}.`));

/** The path of every value that a chart has, with dots. */
export function valuePaths(chart: string): string[] {
  return pathsIn(readYaml(readFileSync(resolve(CHARTS, chart, 'values.yaml'), 'utf8'))[0]!.value, '');
}

function pathsIn(value: unknown, path: string): string[] {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  const keys = isGroup ? Object.entries(value) : [];
  if (keys.length === 0) return path === '' ? [] : [path];
  return keys.flatMap(([key, inner]) => pathsIn(inner, path === '' ? key : `${path}.${key}`));
}
