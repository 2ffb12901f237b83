import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { ApiClient } from './api/api-client.ts';
import { readKubeconfig } from './api/kubeconfig.ts';
import { startCluster } from './start-cluster.ts';

const TIMEOUT_MS = 300_000;
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** Command lines of running processes that name this folder: every part of a control plane does. */
function processesIn(folder: string): string[] {
  const lines = execFileSync('ps', ['-Ao', 'command'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(folder));
}

test('a cluster survives what tests do to it, and stops without a trace', { timeout: TIMEOUT_MS }, async () => {
  const cluster = await startCluster();
  if (!['envtest', 'built'].includes(cluster.kind)) {
    await expect(cluster.restartApiServer()).rejects.toThrow('cannot disturb');
    expect(() => cluster.pauseEtcd()).toThrow('cannot disturb');
    await cluster.stop();
    return;
  }
  const folder = dirname(cluster.kubeconfigPath);
  const api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  const post = (name: string) => api.call('POST', CONFIG_MAPS, { metadata: { name } });
  expect(processesIn(folder).length).toBeGreaterThanOrEqual(2);
  expect((await post('before')).status).toBe(201);

  await cluster.restartApiServer();
  expect((await api.call('GET', `${CONFIG_MAPS}/before`)).status).toBe(200);

  cluster.pauseEtcd();
  let answered = false;
  const written = post('during').finally(() => (answered = true));
  // Reads from the API server's own cache go on meanwhile.
  expect((await api.call('GET', `${CONFIG_MAPS}?resourceVersion=0`)).status).toBe(200);
  expect(answered).toBe(false);
  cluster.resumeEtcd();
  expect((await written).status).toBe(201);

  cluster.pauseEtcd();
  api.close();
  await cluster.stop();
  await cluster.stop();
  expect(processesIn(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});

test('a cluster ends with the process that started it, even when that is killed', { timeout: TIMEOUT_MS }, async () => {
  const code = `
    import { startCluster } from ${JSON.stringify(join(import.meta.dirname, 'start-cluster.ts'))};
    const { kind, kubeconfigPath, pauseEtcd, stop } = await startCluster();
    const ours = ['envtest', 'built'].includes(kind);
    if (ours) pauseEtcd(); else await stop();
    console.log(JSON.stringify({ kubeconfigPath, ours }));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const { kubeconfigPath, ours } = JSON.parse(line) as { kubeconfigPath: string; ours: boolean };
  parent.kill('SIGKILL');
  if (!ours) return;
  const folder = dirname(kubeconfigPath);
  await until('its processes have ended', () => processesIn(folder).length === 0, 20_000);
  await until('its files are gone', () => !existsSync(folder), 20_000);
});
