/** The bundled program, as images hold it, does what the sources do: also what it loads late. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { ask, get } from './support/peer.ts';
import { answer, startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar } from './support/sidecar-process.ts';

const program = fileURLToPath(new URL('../dist/fusebox-sidecar/fusebox-sidecar.mjs', import.meta.url));

let service: ScriptedService;
beforeAll(async () => {
  execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/bundle.ts', import.meta.url))], {
    stdio: 'ignore',
  });
  service = await startService();
  service.on('/', (connection) => connection.send(answer('200 OK', 'hello')));
});
afterAll(() => service.close());

test('it proxies without settings', async () => {
  await using sidecar = await startSidecar({ upstream: service.port, program });
  expect((await ask(sidecar.inbound, get('/'))).body).toBe('hello');
});

test('it reads settings and ends in order', async () => {
  const settings = { inbound: { unmatched: 'Refuse', routes: [{ name: 'root', match: { path: '/' } }] } };
  await using sidecar = await startSidecar({ upstream: service.port, program, settings, flags: ['--drain-delay=0s'] });
  const refused = await ask(sidecar.inbound, get('/other'));
  expect([statusOf(refused), field(refused, 'fusebox-reason')]).toEqual([404, 'no-route']);
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(200);
  sidecar.signal('SIGTERM');
  expect(await sidecar.exited).toBe(0);
});
