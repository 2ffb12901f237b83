import { expected, keysOf, schemaOf, sectionNames } from '@fusebox/sample-service/settings/setting-keys.ts';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';

/** What the command line reads itself. */
const variables: Record<string, string> = {
  'server.host': 'HOST',
  'server.port': 'PORT',
  'database.data_dir': 'DATA_DIR',
};

function row(section: string, key: string): string[] {
  const schema = schemaOf(section, key);
  if (schema?.description === undefined) throw new Error(`${section}.${key} has no description`);
  const path = `${section}.${key}`;
  const variable = schema.env ?? variables[path];
  return [
    code(path),
    expected(schema),
    schema.default === undefined ? '' : code(String(schema.default)),
    variable === undefined ? '' : code(variable),
    schema.live === false ? 'at the next start' : 'at once',
    schema.description,
  ];
}

function render(): string {
  const rows = sectionNames.flatMap((section) => keysOf(section).map((key) => row(section, key)));
  const flag = [code('feature_flags.NAME'), 'true or false', code('false'), '', 'at once', 'A flag, by its name.'];
  return `${generatedNote('sample-service/src/settings/settings.ts')}
# Settings

Sections and keys of the configuration file: \`cache: {ttl_seconds: 60}\` is \`cache.ttl_seconds\`. A variable of the environment wins over the
file. All of them as a file, to begin with: [config.example.yaml](config.example.yaml).

${table(['setting', 'must be', 'default', 'variable', 'holds', ''], [...rows, flag])}
`;
}

/** sample-service/SETTINGS.md: every setting of the sample service. */
export const sampleSettingsPage: Generator = { file: 'sample-service/SETTINGS.md', render };
