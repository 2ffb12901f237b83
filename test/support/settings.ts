import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A policy and flags as one file's text. JSON is YAML. */
export interface Settings {
  /** `spec.inbound` of the policy. */
  inbound?: object;
  mode?: 'Enforce' | 'Shadow' | 'Disabled';
  sampleRatio?: number;
  flags?: Record<string, unknown>;
  /** What gates know of requests. */
  context?: object;
  /** Keys for the service. */
  config?: Record<string, string>;
}

/** The documents that say so. */
export function settingsText({ inbound = {}, mode, sampleRatio, flags = {}, context, config }: Settings): string {
  const document = (kind: string, spec: object): string =>
    JSON.stringify({ apiVersion: 'fusebox.dev/v1alpha1', kind, metadata: { name: 'users' }, spec }, null, 1);
  const tracing = sampleRatio === undefined ? {} : { tracing: { sampleRatio } };
  const policy = { inbound, ...(mode === undefined ? {} : { mode }), ...tracing };
  const flagSet = { flags, ...(context !== undefined && { context }) };
  const texts = [document('ResiliencePolicy', policy), document('FeatureFlagSet', flagSet)];
  if (config !== undefined) {
    const metadata = { name: 'users', labels: { 'fusebox.dev/config': 'true' } };
    texts.push(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: config }));
  }
  return `${texts.join('\n---\n')}\n`;
}

/** A folder of its own, removed by `remove`. */
export async function newFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'fusebox-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Replaces a file as editors do: readers see the old one or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.aside`, text);
  await rename(`${path}.aside`, path);
}
