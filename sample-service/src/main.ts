#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLine, type CommandLine } from './command-line.ts';
import { createLog } from './log.ts';
import { buildService } from './service.ts';
import { fixedSettings } from './settings/live-settings.ts';

const shutdownMs = 5_000;
const exitBadUsage = 64; // EX_USAGE of sysexits.h

async function serve({ overrides, seedUsers }: CommandLine): Promise<void> {
  const settings = fixedSettings(overrides);
  const log = createLog(
    (line) => process.stdout.write(line),
    () => settings.current.log.level,
    Date.now,
  );
  const { app, close } = await buildService({ settings, log, seedUsers, random: Math.random, sleep });

  const stop = async (signal: string): Promise<void> => {
    log.info('stopping', { signal });
    // Requests in flight may end; those that never will (the `hang` switch, a stalled client) are cut after a while.
    const cut = setTimeout(() => app.server.closeAllConnections(), shutdownMs);
    await close();
    clearTimeout(cut);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  const { host, port } = settings.current.server;
  await app.listen({ port, host });
  const address = app.server.address();
  log.info('listening', { host, port: typeof address === 'object' && address !== null ? address.port : port });
}

const result = readCommandLine(process.argv.slice(2), process.env);
if ('help' in result) {
  process.stdout.write(result.help);
} else if ('faults' in result) {
  process.stderr.write(`${result.faults.join('\n')}\n`);
  process.exitCode = exitBadUsage;
} else {
  try {
    await serve(result.commandLine);
  } catch (error) {
    process.stderr.write(`could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
