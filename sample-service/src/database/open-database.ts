import type { Settings } from '../settings/settings.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';

/** Opens the database that the settings name, with its tables up to date. */
export function openDatabase({ database }: Settings): Promise<Database> {
  return openEmbedded(database.data_dir ?? null);
}
