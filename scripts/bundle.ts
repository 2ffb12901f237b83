/** One file per program, as images hold them: no type stripping and a tenth of the files at the start. What is rarely needed stays in files beside it. */
import { cpSync, globSync } from 'node:fs';
import { basename } from 'node:path';
import { rolldown } from 'rolldown';

interface Program {
  input: string;
  /** Files that it reads while it runs, from beside itself. */
  beside?: readonly string[];
}

const PGLITE = 'node_modules/@electric-sql/pglite/dist';

const programs: Readonly<Record<string, Program>> = {
  'fusebox-sidecar': { input: 'sidecar/src/main.ts' },
  'fusebox-operator': { input: 'operator/src/main.ts' },
  'sample-service': {
    input: 'sample-service/src/main.ts',
    beside: ['sample-service/src/database/migrations', `${PGLITE}/*.wasm`, `${PGLITE}/pglite.data`],
  },
  'stand-ins': { input: 'sample-service/src/stand-ins/main.ts' },
};

for (const [name, { input, beside = [] }] of Object.entries(programs)) {
  // PGlite calls eval, on nothing but its own text.
  const bundle = await rolldown({
    input: { [name]: input },
    platform: 'node',
    logLevel: 'warn',
    checks: { eval: false },
  });
  const { output } = await bundle.write({
    dir: `dist/${name}`,
    format: 'esm',
    cleanDir: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await bundle.close();
  for (const file of beside.flatMap((pattern) => globSync(pattern))) {
    cpSync(file, `dist/${name}/${basename(file)}`, { recursive: true });
  }
  const bytes = output.reduce((sum, file) => sum + ('code' in file ? file.code.length : 0), 0);
  console.log(`bundle: dist/${name}/${name}.mjs and ${output.length - 1} more, ${Math.round(bytes / 1024)} KiB`);
}
