/** Large bodies arrive as they were sent, however slowly they are read: read buffers are used again, and must not be too early. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

const body = randomBytes(24 * 1024 * 1024);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const service = createServer((incoming, answer) => {
  if (incoming.method === 'POST') incoming.pipe(answer);
  else {
    if (incoming.url === '/length') answer.setHeader('content-length', body.length);
    answer.end(body);
  }
});
let sidecar: SidecarProcess;
beforeAll(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  sidecar = await startSidecar({ upstream: (service.address() as AddressInfo).port });
});
afterAll(async () => {
  service.closeAllConnections();
  service.close();
  await sidecar.kill();
});

/** Reads in bursts: now everything at once, now nothing for some turns. */
async function readUnevenly(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) {
    pieces.push(piece as Buffer);
    if (pieces.length % 7 === 0) for (let turn = 0; turn < 20; turn++) await nextTurn();
  }
  return Buffer.concat(pieces);
}

test.each(['/length', '/chunked'])('%s, by several clients at once', async (path) => {
  const reads = Array.from({ length: 4 }, async () => {
    const [answer] = (await once(get({ port: sidecar.inbound, path }), 'response')) as [IncomingMessage];
    return digest(await readUnevenly(answer));
  });
  expect(new Set(await Promise.all(reads))).toEqual(new Set([digest(body)]));
});

test('there and back', async () => {
  const sent = request({ port: sidecar.inbound, path: '/', method: 'POST' });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  expect(digest(await readUnevenly(answer))).toBe(digest(body));
});
