import type { After } from '../back-pressure.ts';
import type { Log } from '../log.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Database } from './database.ts';

interface Options {
  settings: LiveSettings;
  log: Log;
  after: After;
}

/** Opens the database that the settings name, with its tables up to date. Only that one's driver is loaded. */
export async function openDatabase({ settings, log, after }: Options): Promise<Database> {
  const { url, data_dir } = settings.current.database;
  if (url === undefined) {
    const { openEmbedded } = await import('./embedded.ts');
    return openEmbedded(data_dir ?? null);
  }
  const { openPostgres } = await import('./postgres.ts');
  return openPostgres({ url, settings, log, after });
}
