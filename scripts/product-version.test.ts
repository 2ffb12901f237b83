import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const manifest = (folder: string): { version: string; workspaces: string[] } =>
  JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8'));

test('one version holds for the whole repository', () => {
  const folders = ['.', ...manifest('.').workspaces];
  expect(folders.map((folder) => [folder, manifest(folder).version])).toEqual(
    folders.map((folder) => [folder, PRODUCT_VERSION]),
  );
});
