/** One file per program, as images hold them: no type stripping and a tenth of the files at the start. What is rarely needed stays in files beside it. */
import { rolldown } from 'rolldown';

const programs = { 'fusebox-sidecar': 'sidecar/src/main.ts', 'fusebox-operator': 'operator/src/main.ts' };

for (const [name, input] of Object.entries(programs)) {
  const bundle = await rolldown({ input: { [name]: input }, platform: 'node', logLevel: 'warn' });
  const { output } = await bundle.write({
    dir: `dist/${name}`,
    format: 'esm',
    cleanDir: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await bundle.close();
  const bytes = output.reduce((sum, file) => sum + ('code' in file ? file.code.length : 0), 0);
  console.log(`bundle: dist/${name}/${name}.mjs and ${output.length - 1} more, ${Math.round(bytes / 1024)} KiB`);
}
