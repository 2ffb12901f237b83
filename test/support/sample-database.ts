import type { Database } from '@fusebox/sample-service/database/database.ts';
import { openDatabase } from '@fusebox/sample-service/database/open-database.ts';
import { silentLog } from '@fusebox/sample-service/log.ts';
import { fixedSettings } from '@fusebox/sample-service/settings/live-settings.ts';

/** A database of the sample service, by settings like `{'database.url': …}`; without a URL, an embedded one. */
export const openSampleDatabase = (overrides: Record<string, string | number> = {}): Promise<Database> =>
  openDatabase({
    settings: fixedSettings(overrides),
    log: silentLog,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
