import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { logToStderr } from '../log.ts';
import { startCluster } from '../start-cluster.ts';
import type { TestCluster } from '../test-cluster.ts';
import { keptPlace } from './place.ts';

/** What the holder tells about its cluster. */
export type Held = Pick<TestCluster, 'server' | 'kind'>;

/** What it tells the process that has started it. */
export type Message = { log: string } | { held: Held };

/** Starts a cluster and holds it until somebody connects and says `stop`, or a signal comes. */
export async function hold(): Promise<void> {
  const place = keptPlace();
  // Whoever started it has gone before the cluster was there: a Ctrl-C. The keeper does the rest.
  const giveUp = (): never => process.exit(1);
  process.once('disconnect', giveUp);
  const cluster = await startCluster(process.connected ? (line) => tell({ log: line }) : logToStderr);
  const held: Held = { server: cluster.server, kind: cluster.kind };
  copyFileSync(cluster.kubeconfigPath, place.kubeconfig);
  rmSync(place.socket, { force: true }); // left behind by one that was killed

  const visitors = new Set<Socket>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    visitors.add(socket);
    socket.once('close', () => visitors.delete(socket)).on('error', () => {});
    socket.on('data', (data) => String(data).trim() === 'stop' && ask());
    socket.write(`${JSON.stringify(held)}\n`);
  });
  await once(server.listen(place.socket), 'listening');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask());
  process.off('disconnect', giveUp);
  tell({ held });

  await asked;
  await cluster.stop();
  rmSync(place.kubeconfig, { force: true });
  server.close();
  // Whoever asked waits for this.
  for (const visitor of visitors) visitor.end();
}

function tell(message: Message): void {
  if (process.connected) process.send?.(message);
}
