import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatFault, readDocuments } from '@fusebox/api/documents.ts';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = globSync('{*.md,{api,sidecar,operator,cli,sample-service,bench,crds,charts,changes,docs,test}/**/*.md}', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
});
/** Not the decisions: they may speak of what has since moved. */
const present = pages.filter((page) => !/^(docs\/adr|changes|CHANGELOG)/.test(page));

/** What a heading is called in a link to it, as on GitHub. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const headingsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

describe('the documentation', () => {
  test.each(pages)('%s links to what exists', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)].filter(([, to]) => !/^[a-z]+:/.test(to!));
    const broken = links.filter(([, to = '', anchor]) => {
      const file = to === '' ? page : join(dirname(page), to);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !headingsOf(file).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test.each(present)('%s names files that exist', (page) => {
    const folders = 'api|runtime|sidecar|operator|cli|sample-service|charts|crds|bench|scripts|test|docs';
    const names = [...read(page).matchAll(new RegExp(`\`((?:${folders})/[\\w./-]+)\``, 'g'))].map(([, name]) => name!);
    const places = [root, join(root, dirname(page))];
    expect(names.filter((name) => places.every((place) => !existsSync(join(place, name))))).toEqual([]);
  });

  test.each(globSync('docs/examples/**/*.yaml', { cwd: root }))('%s is valid', (file) => {
    const { faults, warnings } = readDocuments([{ name: file, text: read(file) }]);
    expect([faults.map(formatFault), warnings]).toEqual([[], []]);
  });

  test.each(present)('what %s writes as YAML is valid', (page) => {
    const blocks = [...read(page).matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => documentOf(text!));
    const faults = blocks.flatMap((text) => readDocuments([{ name: page, text }]).faults);
    expect(faults.map(formatFault)).toEqual([]);
  });

  // Those that speak to somebody who uses it: their commands are what they are judged by.
  test('commands stand as sh only where a test runs them', () => {
    const withCommands = ['README.md', ...globSync('docs/*.md', { cwd: root })].filter((page) =>
      read(page).includes('```sh\n'),
    );
    expect(withCommands.toSorted()).toEqual([
      'README.md',
      'docs/feature-flags.md',
      'docs/getting-started.md',
      'docs/without-a-cluster.md',
    ]);
  });
});

/** A piece of a document as a whole one; nothing where it is of a kind that is not ours. */
function documentOf(text: string): string {
  const head = (kind: string): string => `apiVersion: fusebox.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: piece}\n`;
  const under = (path: string): string => `${path}\n${text.replaceAll(/^/gm, '    ')}`;
  if (text.includes('apiVersion:')) return text;
  if (text.startsWith('routes:')) return `${head('ResiliencePolicy')}spec:\n${under('  inbound:')}`;
  if (text.startsWith('flags:')) return `${head('FeatureFlagSet')}${under('spec:')}`;
  return '';
}
