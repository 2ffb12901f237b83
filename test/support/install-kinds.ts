import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import type { ApiClient } from '../cluster/api/api-client.ts';
import { until } from './until.ts';

const FOLDER = resolve(import.meta.dirname, '../../crds');
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PATIENCE_MS = 60_000;

interface Definition {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string; message: string }[] };
}

/** The definitions in `crds/`, as they stand in the repository. */
export function kindDefinitions(): Definition[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return files.map((name) => readYaml(readFileSync(join(FOLDER, name), 'utf8'))[0]!.value as Definition);
}

/** Installs our kinds, also where they are installed already, and waits until they are served. They stay: other files use them too. */
export async function installKinds(api: ApiClient): Promise<void> {
  for (const definition of kindDefinitions()) {
    const path = `${DEFINITIONS}/${definition.metadata.name}`;
    const apply = `${path}?fieldManager=tests&force=true`;
    const { status, body } = await api.call('PATCH', apply, definition, 'application/apply-patch+yaml');
    if (status >= 300) throw new Error(`${definition.metadata.name}: ${JSON.stringify(body)}`);
    await until(`${definition.metadata.name} is served`, async () => isServed(api, path), PATIENCE_MS);
  }
}

async function isServed(api: ApiClient, path: string): Promise<boolean> {
  const { body } = await api.call('GET', path);
  const conditions = (body as Definition).status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}
