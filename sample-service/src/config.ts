import { parseArgs } from 'node:util';

/** What the service is told at start. */
export interface Config {
  /** TCP port; 0 lets the system choose. Default 8080. */
  port: number;
  /** Address to listen on. Default 127.0.0.1. */
  host: string;
  /** Folder of the embedded database; null keeps it in memory. */
  dataDir: string | null;
  /** How many example users an empty store is filled with (count). Default 0. */
  seedUsers: number;
}

export type ConfigResult = { config: Config } | { help: string } | { faults: string[] };

const help = `A user service on Fastify and embedded PostgreSQL.

usage: node src/main.ts [options]
  --port PORT        PORT        TCP port, 0 = any free one (8080)
  --host ADDRESS     HOST        address to listen on (127.0.0.1)
  --data-dir DIR     DATA_DIR    folder of the database (none: in memory)
  --seed-users N     SEED_USERS  example users, where there are none yet (0)
  --help                         this text
`;

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'seed-users': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads flags and environment (a flag wins, an empty variable counts as absent) and lists every fault at once. */
export function readConfig(argv: string[], env: Record<string, string | undefined>): ConfigResult {
  let flags;
  try {
    flags = parseArgs({ args: argv, options }).values;
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
  if (flags.help) return { help };
  const faults: string[] = [];
  const wholeNumber = (name: string, text: string, maximum: number): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= maximum) return value;
    faults.push(`${name}: "${text}" is not a whole number from 0 to ${maximum}`);
    return 0;
  };
  const config: Config = {
    port: wholeNumber('port', flags.port ?? (env['PORT'] || '8080'), 65_535),
    host: flags.host ?? (env['HOST'] || '127.0.0.1'),
    dataDir: flags['data-dir'] ?? (env['DATA_DIR'] || null),
    seedUsers: wholeNumber('seed-users', flags['seed-users'] ?? (env['SEED_USERS'] || '0'), 1_000_000),
  };
  return faults.length > 0 ? { faults } : { config };
}
