#!/usr/bin/env node
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { After } from './back-pressure.ts';
import { readCommandLine, type CommandLine, type Redrive } from './command-line.ts';
import { redriveDeadLetters } from './events/redrive.ts';
import { createLog, silentLog, type Log } from './log.ts';
import { answerForWorkers } from './metrics-of-workers.ts';
import { buildService } from './service.ts';
import { followSettings } from './settings/live-settings.ts';
import { readSettings, type SettingsSources } from './settings/settings-file.ts';
import type { Settings } from './settings/settings.ts';
import { createShutdown } from './shutdown.ts';
import { forkWorker, STOP, Supervisor, workerCount } from './workers.ts';

const exitBadUsage = 64; // EX_USAGE of sysexits.h

const after: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};
const exit = (code: number): void => process.exit(code);
const write = (line: string): boolean => process.stdout.write(line);
const ownFields = cluster.worker === undefined ? {} : { worker: cluster.worker.id };

/** Calls `stop` when this process should end. A worker listens to its supervisor alone: Ctrl-C reaches all processes. */
function whenAskedToStop(stop: (cause: string) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => cluster.isPrimary && stop(signal));
  }
  process.on('message', (message) => message === STOP && stop('supervisor'));
}

function supervise(initial: Settings, sources: SettingsSources, count: number): void {
  // What has changed is told by the workers.
  const settings = followSettings(initial, sources, silentLog);
  const log = createLog(write, () => settings.current.log.level, Date.now);
  const stopWithinMs = (): number => settings.current.server.shutdown_seconds * 1_000;
  answerForWorkers();
  log.info('starting workers', { workers: count });
  const supervisor = new Supervisor({ count, fork: forkWorker, stopWithinMs, log, after, nowMs: Date.now, exit });
  whenAskedToStop((cause) => supervisor.stop(cause));
}

async function serve(initial: Settings, sources: SettingsSources, seedUsers: number): Promise<void> {
  // Asked before there is anything to finish, it just ends.
  let stop: (cause: string) => void = () => exit(0);
  whenAskedToStop((cause) => stop(cause));

  let { level } = initial.log;
  const log = createLog(write, () => level, Date.now, ownFields);
  const settings = followSettings(initial, sources, log);
  settings.onChange((now) => {
    level = now.log.level;
  });
  sayWhyOneWorker(initial, log);
  const service = await buildService({ settings, log, seedUsers, random: Math.random, after });
  const withinMs = (): number => settings.current.server.shutdown_seconds * 1_000;
  stop = createShutdown({ service, withinMs, log, after, exit });

  const { host, port } = settings.current.server;
  await service.app.listen({ port, host });
  const address = service.app.server.address();
  log.info('listening', {
    pid: process.pid,
    host,
    port: typeof address === 'object' && address !== null ? address.port : port,
  });
}

function sayWhyOneWorker({ server, database }: Settings, log: Log): void {
  if (database.url !== undefined || server.workers === 1) return;
  log.info('one worker: an embedded database belongs to one process', { asked_for: server.workers });
}

async function start({ configPath, overrides, seedUsers, redrive }: CommandLine): Promise<void> {
  const sources = { path: configPath, env: process.env, overrides };
  const reading = await readSettings(sources);
  if ('faults' in reading) return refuseToStart(reading.faults);
  if (redrive !== null) return redriveAndTell(reading.settings, redrive);
  const count = workerCount(reading.settings, availableParallelism());
  if (cluster.isPrimary && count > 1) supervise(reading.settings, sources, count);
  else await serve(reading.settings, sources, seedUsers);
}

async function redriveAndTell(settings: Settings, { limit, dryRun }: Redrive): Promise<void> {
  const log = createLog(write, () => settings.log.level, Date.now);
  const count = await redriveDeadLetters({ settings, log, random: Math.random, limit, dryRun });
  log.info(dryRun ? 'dead letters found' : 'dead letters sent again', { count });
}

function refuseToStart(faults: readonly string[]): void {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = exitBadUsage;
}

const result = readCommandLine(process.argv.slice(2), process.env);
if ('help' in result) {
  write(result.help);
} else if ('faults' in result) {
  refuseToStart(result.faults);
} else {
  try {
    await start(result.commandLine);
  } catch (error) {
    process.stderr.write(`could not run: ${error instanceof Error ? error.message : String(error)}\n`);
    exit(1);
  }
}
