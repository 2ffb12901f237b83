import { parseArgs } from 'node:util';
import type { Overrides } from './settings/settings-file.ts';

/** What the service is told at start. */
export interface CommandLine {
  /** The configuration file, or a folder of them; null: there is none. */
  configPath: string | null;
  /** Settings that win over those of the file. */
  overrides: Overrides;
  /** How many example users an empty store is filled with (count). Default 0. */
  seedUsers: number;
  /** Send dead letters again instead of serving; null: serve. */
  redrive: Redrive | null;
}

export interface Redrive {
  /** At most so many (count). Default: all. */
  limit: number;
  /** Only show them. Default false. */
  dryRun: boolean;
}

export type CommandLineResult = { commandLine: CommandLine } | { help: string } | { faults: string[] };

const help = `A user service on Fastify and embedded PostgreSQL.

usage: node src/main.ts [options]                        serves
       node src/main.ts redrive-dead-letters [options]   sends events again that could not be dealt with
  --config FILE|DIR  CONFIG      settings; what stands below wins over them
  --port PORT        PORT        TCP port, 0 = any free one (8080)
  --host ADDRESS     HOST        address to listen on (127.0.0.1)
  --data-dir DIR     DATA_DIR    folder of the database (none: in memory)
  --seed-users N     SEED_USERS  example users, where there are none yet (0)
  --limit N                      dead letters to send again (all)
  --dry-run                      shows dead letters, and sends none
  --help                         this text
`;

const REDRIVE = 'redrive-dead-letters';

const options = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'seed-users': { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Reads flags and environment (a flag wins, an empty variable counts as absent) and lists every fault at once. */
export function readCommandLine(argv: string[], env: Record<string, string | undefined>): CommandLineResult {
  let flags, words;
  try {
    ({ values: flags, positionals: words } = parseArgs({ args: argv, options, allowPositionals: true }));
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
  if (flags.help) return { help };
  const faults: string[] = [];
  const [command, ...more] = words;
  for (const word of command === undefined || command === REDRIVE ? more : words)
    faults.push(`"${word}" is no command`);
  const wholeNumber = (name: string, text: string, maximum: number): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= maximum) return value;
    faults.push(`${name}: "${text}" is not a whole number from 0 to ${maximum}`);
    return 0;
  };
  const port = flags.port ?? env['PORT'];
  const host = flags.host ?? env['HOST'];
  const dataDir = flags['data-dir'] ?? env['DATA_DIR'];
  const overrides: Overrides = {
    ...(port && { 'server.port': wholeNumber('port', port, 65_535) }),
    ...(host && { 'server.host': host }),
    ...(dataDir && { 'database.data_dir': dataDir }),
  };
  const configPath = flags.config ?? (env['CONFIG'] || null);
  const seedUsers = wholeNumber('seed-users', flags['seed-users'] ?? (env['SEED_USERS'] || '0'), 1_000_000);
  const limit = flags.limit === undefined ? Infinity : wholeNumber('limit', flags.limit, 1_000_000);
  const redrive = command === REDRIVE ? { limit, dryRun: flags['dry-run'] ?? false } : null;
  return faults.length > 0 ? { faults } : { commandLine: { configPath, overrides, seedUsers, redrive } };
}
