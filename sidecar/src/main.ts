#!/usr/bin/env node
/** The sidecar: command line → parts → serve → drain. With `start-sidecar.ts`, the only file that joins edges to rules. */
import { readConfig, type Config } from './config.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { runProgram } from '@fusebox/runtime/run-program.ts';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { startSidecar } from './start-sidecar.ts';

async function check({ configPath, who }: Config): Promise<number> {
  const { checkSettings } = await import('./io/settings-check.ts');
  const result = await checkSettings(configPath!, who);
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  if ('faults' in result) {
    for (const fault of result.faults) process.stderr.write(`${fault}\n`);
    return 1;
  }
  const { shownSnapshot } = await import('./io/views.ts');
  process.stdout.write(`${JSON.stringify(shownSnapshot(result), null, 2)}\n`);
  return 0;
}

async function drain({ admin }: Config): Promise<number> {
  try {
    const { sendDrain } = await import('./io/drain-command.ts');
    await sendDrain(admin!);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function run(config: Config): Promise<number> {
  const log = newLogger({ level: config.logLevel, wallMs: systemClock.wallMs });
  try {
    // Heard from the beginning: a signal in the moment after the first connection was accepted must not kill it.
    const signal = new Promise<NodeJS.Signals>((resolve) => {
      process.once('SIGTERM', resolve);
      process.once('SIGINT', resolve);
    });
    const sidecar = await startSidecar(config, log);
    // SIGINT comes from a terminal: nobody watches readiness there.
    await sidecar.end((await signal) === 'SIGINT');
    return 0;
  } catch (error) {
    log.error('the sidecar cannot start', { error });
    return 1;
  }
}

const commands = { run, check, drain };
await runProgram(readConfig(process.argv.slice(2), process.env), (config) => commands[config.command](config));
