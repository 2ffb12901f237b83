import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proxyCore } from '../fleet.ts';
import { freePort, startServer, type Server } from '../processes.ts';

const program = fileURLToPath(new URL('../../sample-service/src/main.ts', import.meta.url));

/** What one process of the sample service is started with. */
interface Options {
  name: string;
  databaseUrl: string;
  /** Its configuration file: a path, or settings to be written to one. */
  config: string | object;
  /** Base URL of a receiver of traces; without it nothing is traced. */
  collector?: string;
}

/** Starts the sample service with 100 users, on the core of what is measured. */
export async function startSampleService({ name, databaseUrl, config, collector }: Options): Promise<Server> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
  const path = typeof config === 'string' ? config : join(folder, 'config.json');
  if (typeof config !== 'string') writeFileSync(path, JSON.stringify(config));
  const traced = collector === undefined ? [] : [`OTEL_EXPORTER_OTLP_ENDPOINT=${collector}`];
  const environment = ['env', `DATABASE_URL=${databaseUrl}`, ...traced];
  const words = [program, '--port', String(port), '--config', path, '--seed-users', '100'];
  const command = [...environment, process.execPath, ...words];
  const server = await startServer({ name, command, core: proxyCore, port, path: '/users/42' });
  return {
    ...server,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
