#!/usr/bin/env node
import type { After } from './back-pressure.ts';
import { readCommandLine } from './command-line.ts';
import { createLog } from './log.ts';
import { buildService } from './service.ts';
import { followSettings } from './settings/live-settings.ts';
import { readSettings, type SettingsSources } from './settings/settings-file.ts';
import type { Settings } from './settings/settings.ts';

const shutdownMs = 5_000;
const exitBadUsage = 64; // EX_USAGE of sysexits.h

const after: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};

async function serve(initial: Settings, sources: SettingsSources, seedUsers: number): Promise<void> {
  let { level } = initial.log;
  const log = createLog(
    (line) => process.stdout.write(line),
    () => level,
    Date.now,
  );
  const settings = followSettings(initial, sources, log);
  settings.onChange((now) => {
    level = now.log.level;
  });
  const { app, close } = await buildService({ settings, log, seedUsers, random: Math.random, after });

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

function refuseToStart(faults: readonly string[]): void {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = exitBadUsage;
}

const result = readCommandLine(process.argv.slice(2), process.env);
if ('help' in result) {
  process.stdout.write(result.help);
} else if ('faults' in result) {
  refuseToStart(result.faults);
} else {
  try {
    const { configPath, overrides, seedUsers } = result.commandLine;
    const sources = { path: configPath, env: process.env, overrides };
    const reading = await readSettings(sources);
    if ('faults' in reading) refuseToStart(reading.faults);
    else await serve(reading.settings, sources, seedUsers);
  } catch (error) {
    process.stderr.write(`could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
