/** `kubectl fusebox flags` against sidecars that run, at an address and through forwarded ports. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type ForwardedPod, PortForwardServer } from './support/port-forward-server.ts';
import { startSidecar } from './support/sidecar-process.ts';

const MAIN = resolve(import.meta.dirname, '../cli/src/main.ts');

interface Ended {
  exit: number;
  lines: string[];
  errors: string[];
}

/** Runs the verb as kubectl would. */
function run(...args: string[]): Promise<Ended> {
  return new Promise((ended) => {
    execFile(process.execPath, [MAIN, 'flags', ...args], { env: {} }, (error, stdout, stderr) => {
      const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
      ended({ exit: error === null ? 0 : Number(error.code), lines: linesOf(stdout), errors: linesOf(stderr) });
    });
  });
}

const share = (defaultVariant: 'on' | 'off') => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant,
  targeting: { if: [{ '==': [{ var: 'plan' }, 'gold'] }, 'on'] },
});
const settings = (more: object = {}) => ({ flags: { plain: true, share: share('off'), ...more } });

const podOf = (name: string, port: number | null, phase = 'Running'): ForwardedPod => ({
  object: {
    metadata: { name },
    spec: { initContainers: [{ name: 'fusebox' }] },
    status: { phase },
  } as ForwardedPod['object'],
  port,
});

test('one sidecar at an address, for whom the context says', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: settings() });
  const url = `http://127.0.0.1:${sidecar.local}`;
  const who = `127.0.0.1:${sidecar.local}`;
  expect(await run('--url', url)).toEqual({
    exit: 0,
    lines: [
      'FLAG   VALUE  VARIANT  REASON   PODS',
      `plain  true   on       STATIC   ${who}`,
      `share  false  off      DEFAULT  ${who}`,
    ],
    errors: [],
  });
  const gold = await run('--url', url, '--flag', 'share', '--context', 'plan=gold');
  expect(gold.lines[1]).toBe(`share  true   on       TARGETING_MATCH  ${who}`);
  const unknown = await run('--url', `http://localhost:${sidecar.local}`, '--flag', 'unknown');
  expect([unknown.exit, unknown.lines[1]]).toEqual([1, expect.stringContaining('ERROR FLAG_NOT_FOUND')]);
});

test('an address where nothing or something else answers is told', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: {} });
  expect(await run('--url', 'http://127.0.0.1:1')).toMatchObject({
    exit: 1,
    errors: [expect.stringMatching(/^127\.0\.0\.1:1: it does not answer: .*ECONNREFUSED/)],
  });
  expect(await run('--url', `http://127.0.0.1:${sidecar.admin}`)).toMatchObject({
    exit: 1,
    errors: [expect.stringContaining('it answered 404: There are: /livez')],
  });
});

test('all pods, through their forwarded ports: those that agree in one line, others marked, silent ones named', async () => {
  await using same = await startSidecar({ upstream: 9, settings: settings() });
  await using other = await startSidecar({
    upstream: 9,
    settings: {
      flags: {
        plain: true,
        share: share('on'),
        large: { state: 'ENABLED', variants: { a: 'x'.repeat(200_000) }, defaultVariant: 'a' },
      },
    },
  });
  const ports = [same.local, same.local, other.local];
  const pods = ports.map((port, index) => podOf(`users-${index}`, port));
  await using server = await PortForwardServer.start([
    ...pods,
    podOf('users-3', null),
    podOf('users-4', null, 'Pending'),
  ]);
  const { exit, lines, errors } = await run('-n', 'shop', '--kubeconfig', server.kubeconfig);
  expect([exit, errors]).toEqual([
    1,
    [
      'users-4: it is not running: Pending',
      expect.stringMatching(/^users-3: it does not answer: an error occurred forwarding 4142: .*ECONNREFUSED/),
      'pods differ on 2 of 3 flags',
    ],
  ]);
  const said = lines.map((line) => line.replaceAll(/ {2,}/g, '|'));
  expect(said).toContain('|plain|true|on|STATIC|3 pods');
  expect(said).toContain('!|share|false|off|DEFAULT|users-0, users-1');
  expect(said).toContain('!|true|on|DEFAULT|users-2');

  server.refuses = 403;
  expect(await run('-n', 'shop', '--kubeconfig', server.kubeconfig)).toMatchObject({
    exit: 1,
    errors: expect.arrayContaining([expect.stringMatching(/^users-0: it cannot be reached: .*403/)]) as unknown,
  });
});
