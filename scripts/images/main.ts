/**
 * Builds the images: `node scripts/images/main.ts [--prefix ghcr.io/fusebox] [--tag VERSION] [--save DIR] [NAME…]`.
 *
 * A build fetches nothing: an image is the pinned Node with the libraries it loads, and one bundled program. So the same tree
 * gives the same image, with Docker or without.
 */
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { findBuilder } from './builder.ts';
import { images, type Image } from './image-table.ts';
import { copyProgram } from './native-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prefix: { type: 'string', default: 'ghcr.io/fusebox' },
    tag: { type: 'string', default: PRODUCT_VERSION },
    save: { type: 'string' },
  },
});

const programs = { node: process.execPath, nft: '/usr/sbin/nft' };
const folder = 'dist/images';

/** What the Dockerfile copies: `native/` and `app/`. */
function prepare({ name, bundles, programs: wanted }: Image): string {
  const context = join(folder, name);
  rmSync(context, { recursive: true, force: true });
  const root = join(context, 'native');
  for (const [place, program] of Object.entries(wanted)) copyProgram(programs[program], place, root);
  mkdirSync(join(root, 'etc'), { recursive: true });
  // Some libraries ask for the name of the user they run as.
  writeFileSync(join(root, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n');
  for (const bundle of bundles) cpSync(join('dist', bundle), join(context, 'app'), { recursive: true });
  return context;
}

const unknown = positionals.filter((name) => !images.some((image) => image.name === name));
if (unknown.length > 0) throw new Error(`no such image: ${unknown.join(', ')}`);

const builder = findBuilder(join(folder, '.buildah'));
for (const image of images) {
  if (positionals.length > 0 && !positionals.includes(image.name)) continue;
  const tag = `${values.prefix}/${image.name}:${values.tag}`;
  builder.build({ tag, dockerfile: image.dockerfile, context: prepare(image) });
  let size = '';
  if (values.save !== undefined) {
    mkdirSync(values.save, { recursive: true });
    const file = join(values.save, `${image.name}.tar`);
    builder.save(tag, file);
    size = `, ${Math.round(statSync(file).size / 1e6)} MB in ${file}`;
  }
  console.log(`image: ${tag} by ${builder.name}${size}`);
}
