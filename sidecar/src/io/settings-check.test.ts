import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkSettings } from './settings-check.ts';

const nobody = { namespace: null, workloads: [], labels: null };

test('the keys of a mounted ConfigMap are settings, and whatever is wrong is told with its place', async () => {
  const root = await mkdtemp(join(tmpdir(), 'check-'));
  const folder = join(root, 'shop');
  await mkdir(folder);
  await writeFile(join(folder, 'policy.yaml'), 'inbound: {defaults: {timeout: 2s}}\n');
  await writeFile(join(folder, 'flags.yaml'), 'flags: {enable_profiles: true}\n');
  expect(await checkSettings(folder, nobody)).toMatchObject({
    snapshot: { inbound: { defaults: { timeoutMs: 2_000 } }, flags: { enable_profiles: true } },
  });
  await writeFile(join(folder, 'policy.yaml'), 'inbound: {defaults: {timeout: 2}}\n');
  const wrong = await checkSettings(folder, nobody);
  expect('faults' in wrong ? wrong.faults : []).toEqual([expect.stringMatching(/^shop\/policy\.yaml:1\b.*timeout/)]);
  expect(await checkSettings(join(root, 'absent'), nobody)).toEqual({
    faults: [`${root}/absent: does not exist`],
    warnings: [],
  });
  await rm(root, { recursive: true });
});
