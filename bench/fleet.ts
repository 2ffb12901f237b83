import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peers/peer.ts';
import { freePort, startServer, type Server } from './processes.ts';

/** The core of the proxy under test, and the one that load generator and service share. */
export const proxyCore = 0;
export const loadCore = availableParallelism() > 1 ? 1 : 0;

/** A path that the service answers with 200 bytes. */
export const userPath = '/users/42';

/** The service and the collector, and what starts proxies in front of them. */
export interface Fleet {
  upstreamPort: number;
  /** Starts one more proxy; with `lookMs`, to within this time of its first answer. */
  start(peer: Peer, lookMs?: number): Promise<Server>;
  /** Stops all that still runs and removes all files. */
  stop(): Promise<void>;
}

/** Starts what stands behind the proxies. */
export async function startFleet(): Promise<Fleet> {
  const endings: (() => unknown)[] = [];
  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  };
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  const upstreamSocket = join(newFolder(), 'service.sock');
  const helper = async (name: string, path: string, ...more: string[]): Promise<number> => {
    const port = await freePort();
    const program = fileURLToPath(new URL(`peers/${name}.ts`, import.meta.url));
    const command = [process.execPath, program, String(port), ...more];
    const server = await startServer({ name, command, core: loadCore, port, path });
    endings.push(() => server.stop());
    return port;
  };
  try {
    const upstreamPort = await helper('upstream', userPath, upstreamSocket);
    const collector = `http://127.0.0.1:${await helper('otlp-sink', '/')}`;
    return {
      upstreamPort,
      async start(peer, lookMs = 50) {
        const port = await freePort();
        const command = peer.command({ port, upstreamPort, upstreamSocket, collector, folder: newFolder() });
        const server = await startServer({ name: peer.name, command, core: proxyCore, port, path: userPath, lookMs });
        endings.push(() => server.stop());
        return server;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
