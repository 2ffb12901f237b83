import type { After } from '../back-pressure.ts';
import type { Log } from '../log.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';

interface Options {
  settings: LiveSettings;
  log: Log;
  after: After;
}

/** Opens the database that the settings name, with its tables up to date. */
export function openDatabase({ settings, log, after }: Options): Promise<Database> {
  const { url, data_dir } = settings.current.database;
  return url === undefined ? openEmbedded(data_dir ?? null) : openPostgres({ url, settings, log, after });
}
