/**
 * Golden pairs in `testdata/`: `name.in.yaml` (a pod; behind `# given:` in its first line what else is known) → `name.out.yaml`, what
 * becomes of it. `UPDATE_GOLDEN=1` writes them anew.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { injectionSettings } from './injection-settings.ts';
import type { Pod } from './pod.ts';
import { inject, type Injection } from './pod-patch.ts';

const folder = join(import.meta.dirname, 'testdata');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => file.slice(0, -'.in.yaml'.length));
// oxlint-disable-next-line no-restricted-properties -- a switch for whoever runs the tests
const updating = process.env['UPDATE_GOLDEN'] === '1';

interface Given {
  profile?: SidecarProfileSpec;
  workload?: string;
  serverMinor?: number;
}

function injected(pod: Pod, { profile = {}, workload, serverMinor }: Given): Injection {
  const images = { sidecarImage: 'ghcr.io/fusebox/sidecar:VERSION', redirectImage: 'ghcr.io/fusebox/redirect:VERSION' };
  return inject(pod, {
    settings: injectionSettings(profile, images),
    operatorUrl: 'https://fusebox-operator.fusebox.svc:4150',
    workload: workload ?? null,
    serverMinor: serverMinor ?? null,
  });
}

function outcomeOf(name: string): string {
  const text = readFileSync(join(folder, `${name}.in.yaml`), 'utf8');
  const given = JSON.parse(/^# given: (.*)\n/.exec(text)?.[1] ?? '{}') as Given;
  const outcome = injected(readYaml(text)[0]!.value as Pod, given);
  if ('pod' in outcome) expect(injected(outcome.pod, given), 'once more').toMatchObject({ pod: outcome.pod });
  const out = stringify(outcome, { aliasDuplicateObjects: false, lineWidth: 120 });
  return out.replaceAll(`${PRODUCT_VERSION}/`, 'VERSION/');
}

test.each(names)('%s', (name) => {
  const path = join(folder, `${name}.out.yaml`);
  const text = outcomeOf(name);
  if (updating) writeFileSync(path, text);
  expect(text).toBe(
    existsSync(path) ? readFileSync(path, 'utf8') : `no ${name}.out.yaml yet: run with UPDATE_GOLDEN=1`,
  );
});

test('the folder holds nothing that belongs to no golden', () => {
  const expected = names.flatMap((name) => [`${name}.in.yaml`, `${name}.out.yaml`]);
  expect(readdirSync(folder).toSorted()).toEqual(expected.toSorted());
});
