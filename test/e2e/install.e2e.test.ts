/** The charts, installed as the README says. */
import { expect, test } from 'vitest';
import { helm, kubectl, object } from './commands.ts';

test('the kinds and the operator are installed, and the operator leads', async () => {
  await helm(['upgrade', '--install', 'fusebox-crds', 'charts/fusebox-crds']);
  const place = ['--namespace', 'fusebox', '--create-namespace'];
  await helm(['upgrade', '--install', 'fusebox', 'charts/fusebox', ...place, '--wait', '--timeout', '90s']);
  const { status } = await object<{ status: { readyReplicas: number } }>(
    '-n',
    'fusebox',
    'deployment/fusebox-operator',
  );
  expect(status.readyReplicas).toBe(2);
  expect(await kubectl(['-n', 'fusebox', 'get', 'lease', 'fusebox-operator', '-o', 'name'])).toContain('fusebox');
}, 180_000);
