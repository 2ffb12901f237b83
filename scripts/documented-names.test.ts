/** What the pages call by name is called so in the code, too. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as names from '@fusebox/api/names.ts';
import { optionTable as operatorOptions } from '@fusebox/operator/option-table.ts';
import { optionTable as sidecarOptions } from '@fusebox/sidecar/option-table.ts';
import { refusals } from '@fusebox/sidecar/refusals.ts';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = globSync('{README.md,CONTRIBUTING.md,ARCHITECTURE.md,docs/*.md,{operator,cli}/README.md}', { cwd: root });
const source = globSync('{sidecar,operator,runtime,api}/src/**/*.ts', { cwd: root })
  .filter((file) => !file.includes('.test.'))
  .map(read)
  .join('\n');

/** Group 1 of every match on a page, each once. */
const found = (page: string, pattern: RegExp): string[] => [
  ...new Set([...read(page).matchAll(pattern)].map(([, name]) => name!)),
];

/** Of other programs. */
const FOREIGN = ['max-semi-space-size', 'validate'];
const table = [...Object.values(sidecarOptions), ...Object.values(operatorOptions)];
const options = new Set([
  ...table.map(({ flag }) => flag),
  ...found('cli/src/help-text.ts', /--([a-z-]+)/g),
  ...FOREIGN,
]);

describe.each(pages)('%s', (page) => {
  const unknown = (pattern: RegExp, isKnown: (name: string) => boolean): string[] =>
    found(page, pattern).filter((name) => !isKnown(name));

  test('names verbs of make that there are', () => {
    const verbs = found('Makefile', /^([a-z0-9-]+):/gm);
    expect(unknown(/(?:^|`|\()make ([a-z0-9-]+)/gm, (verb) => verbs.includes(verb))).toEqual([]);
  });

  test('names verbs of kubectl fusebox that there are', () => {
    const verbs = found('cli/src/help-text.ts', /kubectl fusebox ([a-z]+)/g);
    expect(
      unknown(/kubectl[ -]fusebox ([a-z]+)(?=[ `\n])/g, (verb) => verbs.includes(verb) || verb === 'reads'),
    ).toEqual([]);
  });

  test('names options that there are', () => {
    // As code of its own; in whole commands they may be of another program.
    expect(unknown(/`--([a-z-]+)/g, (name) => options.has(name))).toEqual([]);
  });

  test('names metrics that there are', () => {
    expect(unknown(/\b(fusebox_[a-z_]+)/g, (name) => source.includes(`'${name}'`))).toEqual([]);
  });

  test('names labels and annotations that there are', () => {
    const known = Object.values(names).filter((name) => typeof name === 'string');
    expect(unknown(/\b(fusebox\.dev\/[a-z0-9-]+)/g, (name) => known.includes(name as never) || inSource(name))).toEqual(
      [],
    );
  });

  test('names variables that there are', () => {
    const variables: string[] = table.flatMap(({ env }) => env);
    expect(unknown(/\b(FUSEBOX_[A-Z_]+)/g, (name) => variables.includes(name) || inTests(name))).toEqual([]);
  });

  test('names refusals with their status', () => {
    const pairs = found(page, /\b([45]\d\d `[a-z-]+`)/g);
    const known = Object.values(refusals).map(({ status, reason }) => `${status} \`${reason}\``);
    const ofTheSample = /`(database-unavailable|overloaded)`/;
    expect(pairs.filter((pair) => !known.includes(pair) && !ofTheSample.test(pair))).toEqual([]);
  });
});

describe('docs/troubleshooting.md', () => {
  const page = 'docs/troubleshooting.md';

  test('quotes what the programs log', () => {
    const quotes = found(page, /`([^`]+)` in (?:its|the|a sidecar's) log/g);
    expect(quotes.length).toBeGreaterThan(2);
    expect(quotes.filter((quote) => !source.includes(quote))).toEqual([]);
  });

  test('names the reasons of conditions, all of those that are bad news', () => {
    const reasons = found(page, /`(?:Accepted=False|Programmed=False|Degraded)`, `(\w+)`/g);
    const told = [
      ...found('operator/src/status/conditions.ts', /reason: '(\w+)'/g),
      ...found('operator/src/status/conditions.ts', /no\('(\w+)'/g),
    ];
    const good = ['Accepted', 'Programmed', 'Healthy'];
    const inText = new Set([...reasons, ...found(page, /`(Bypassed)`/g)]);
    expect([...inText].toSorted()).toEqual([...new Set(told)].filter((reason) => !good.includes(reason)).toSorted());
  });
});

const inSource = (name: string): boolean => source.includes(name);
const inTests = (name: string): boolean =>
  globSync('test/{cluster,e2e,node}/**/*.ts', { cwd: root }).some((file) => read(file).includes(name));
