#!/usr/bin/env node
/** The operator: command line → parts → run → hand over. With `start-operator.ts`, the only file that joins edges to rules. */
import { newLogger } from '@fusebox/runtime/log.ts';
import { runProgram } from '@fusebox/runtime/run-program.ts';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { readConfig, type Config } from './config.ts';
import { startOperator } from './start-operator.ts';

async function run(config: Config): Promise<number> {
  const log = newLogger({ level: config.logLevel, wallMs: systemClock.wallMs });
  // Heard from the beginning: while it waits for the API server there is nothing to hand over.
  let begun = false;
  const signal = new Promise<void>((resolve) => {
    const heard = (): void => {
      if (!begun) process.exit(0);
      resolve();
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
  try {
    const operator = await startOperator(config, log);
    begun = true;
    await signal;
    await operator.end();
    return 0;
  } catch (error) {
    log.error('the operator cannot start', { error });
    return 1;
  }
}

await runProgram(readConfig(process.argv.slice(2), process.env), run);
