#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from './app.ts';
import { readConfig, type Config } from './config.ts';
import { wellBehaved } from './misbehave.ts';
import { openUsers } from './users.ts';

const shutdownMs = 5_000;
const exitBadUsage = 64; // EX_USAGE of sysexits.h

const log = (level: string, message: string, fields: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};

async function run(config: Config): Promise<void> {
  const users = await openUsers(config.dataDir);
  // Nobody knows the seeded users' password: no text hashes to this.
  if (config.seedUsers > 0) await users.seed(config.seedUsers, 'none');
  const misbehave = { current: wellBehaved, random: Math.random, sleep: (ms: number) => sleep(ms) };
  const onError = (error: Error): void => log('error', error.message, { stack: error.stack });
  const app = buildApp({ users, misbehave, onError });

  const stop = async (signal: string): Promise<void> => {
    log('info', 'stopping', { signal });
    // Requests in flight may end; those that never will (the `hang` switch, a stalled client) are cut after a while.
    const cut = setTimeout(() => app.server.closeAllConnections(), shutdownMs);
    await app.close();
    clearTimeout(cut);
    await users.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  await app.listen({ port: config.port, host: config.host });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  log('info', 'listening', { host: config.host, port });
}

const result = readConfig(process.argv.slice(2), process.env);
if ('help' in result) {
  process.stdout.write(result.help);
} else if ('faults' in result) {
  process.stderr.write(`${result.faults.join('\n')}\n`);
  process.exitCode = exitBadUsage;
} else {
  try {
    await run(result.config);
  } catch (error) {
    log('error', 'could not start', { reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}
