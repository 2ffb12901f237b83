import Postgrator from 'postgrator';

/** Runs one script of any number of statements; the answer has the rows of the last. */
export type RunScript = (sql: string) => Promise<{ rows: unknown[] }>;

/**
 * Brings the tables up to date with `migrations/NNN.do.name.sql`, in the order of their numbers. A file that has run is
 * never changed: its checksum is compared.
 * @param run must keep others from migrating meanwhile
 */
export async function migrate(run: RunScript): Promise<void> {
  const migrationPattern = `${import.meta.dirname}/migrations/*.sql`;
  await new Postgrator({ driver: 'pg', migrationPattern, execQuery: run, schemaTable: 'schema_version' }).migrate();
}
