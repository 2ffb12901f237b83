import { describe, expect, test } from 'vitest';

import { formatFault, readDocuments } from './documents.ts';

const KUBECTL = 'without quotes is a boolean to kubectl (YAML 1.1): quote it';
const faults = (text: string): string[] => readDocuments([{ name: 'a.yaml', text }]).faults.map(formatFault);
const flagFaults = (flags: string): string[] =>
  faults(`apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: users}\nspec: {flags: ${flags}}\n`);

describe('a flag in full', () => {
  const head = 'state: ENABLED, variants: {"on": true, "off": false}';
  const at = 'a.yaml:4 FeatureFlagSet users: spec.flags.a';
  test.each([
    ['an unknown state', '{state: Enabled, variants: {x: 1}}', '.state: "Enabled" is not one of ENABLED, DISABLED'],
    [
      'an unknown field',
      `{${head}, default: a}`,
      '.default: unknown field; known here: state, variants, defaultVariant, targeting, metadata, offWhile',
    ],
    ['no variants', '{state: ENABLED, variants: {}}', '.variants: is empty: write at least one variant'],
    [
      'variants of two types',
      '{state: ENABLED, variants: {x: 1, z: a}}',
      '.variants.z: is a text, and "x" is a number: variants have one type',
    ],
    [
      'a list as a variant',
      '{state: ENABLED, variants: {x: []}}',
      '.variants.x: is not a boolean, a text, a number or an object',
    ],
    [
      'a default that is no variant',
      `{${head}, defaultVariant: "no"}`,
      '.defaultVariant: "no" is not one of the variants: on, off',
    ],
    ['a bare variant', '{state: ENABLED, variants: {on: true}}', `.variants.on: the key on ${KUBECTL}`],
    ['a bare default', `{${head}, defaultVariant: on}`, `.defaultVariant: on ${KUBECTL}`],
    ['a bare word in a rule', `{${head}, targeting: {if: [true, on]}}`, `.targeting.if[1]: on ${KUBECTL}`],
    [
      'a rule that is none',
      `{${head}, targeting: [1]}`,
      '.targeting: is not a rule: write an object with one operator',
    ],
    ['a rule too deep', `{${head}, targeting: ${'{"!": '.repeat(33)}1${'}'.repeat(33)}}`, null],
    [
      'an unknown shared rule',
      `{${head}, targeting: {$ref: staff}}`,
      '.targeting: refers to "staff", which is not among $evaluators',
    ],
    ['metadata of another type', `{${head}, metadata: {x: []}}`, '.metadata.x: is not a text, a number or a boolean'],
    [
      'no circuit',
      `{${head}, offWhile: {circuitOpen: user}}`,
      '.offWhile.circuitOpen: "user" names no circuit (like inbound/user)',
    ],
    [
      'an outbound circuit',
      `{${head}, offWhile: {circuitOpen: outbound/a}}`,
      '.offWhile.circuitOpen: "outbound/a" names an outbound circuit: not in this version',
    ],
    [
      'nothing to turn off',
      '{state: ENABLED, variants: {x: 1}, offWhile: {circuitOpen: inbound/a}}',
      '.offWhile: needs a variant whose value is false, to turn the flag off',
    ],
  ])('is refused with %s', (_what, flag, fault) => {
    const [only, ...others] = flagFaults(`{a: ${flag}}`);
    if (fault === null) expect(only).toContain('is nested too deep');
    else expect(only).toBe(`${at}${fault}`);
    expect(others).toEqual([]);
  });

  test.each([
    ['no default', `{${head}}`],
    ['an empty default', `{${head}, defaultVariant: }`],
    ['an operator that nobody knows', `{${head}, targeting: {matches: [1]}}`],
    ['objects', '{state: DISABLED, variants: {x: {deep: [1, null]}}}'],
    [
      'all that there is',
      `{${head}, defaultVariant: "on", metadata: {team: a}, offWhile: {circuitOpen: inbound/a, for: 1s, recoverAfter: 0s}}`,
    ],
  ])('is accepted with %s', (_what, flag) => expect(flagFaults(`{a: ${flag}}`)).toEqual([]));

  test('may share rules, in no circle', () => {
    const shared = (evaluators: string): string[] =>
      faults(
        `apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: users}\n` +
          `spec: {flags: {a: {${head}, targeting: {$ref: x}}}, $evaluators: ${evaluators}}\n`,
      );
    expect(shared('{x: {"!": [{$ref: z}]}, z: {var: a}}')).toEqual([]);
    expect(shared('{x: {"!": [{$ref: z}]}, z: {$ref: x}}')).toEqual([
      `${at}.targeting: refers to "x", which refers to itself`,
    ]);
    const many = '[{$ref: NEXT}, {$ref: NEXT}, {$ref: NEXT}, {$ref: NEXT}, {$ref: NEXT}, {$ref: NEXT}]';
    const doubling = Array.from(
      { length: 12 },
      (_, step) => `${'x'.repeat(step + 1)}: ${many.replaceAll('NEXT', 'x'.repeat(step + 2))}`,
    );
    expect(shared(`{${doubling.join(', ')}, ${'x'.repeat(13)}: {var: a}}`)).toEqual([
      `${at}.targeting: is too large: it holds more than 10000 values`,
    ]);
  });

  test('may share rules that are small: a short document must neither end a stack nor become a huge snapshot', () => {
    const sharing = (flags: string, evaluators: string): string[] =>
      faults(
        `apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: users}\n` +
          `spec: {flags: {${flags}}, $evaluators: {${evaluators}}}\n`,
      );
    const chain = Array.from(
      { length: 200 },
      (_, step) => `x${step}: ${'{"!": '.repeat(25)}{$ref: x${step + 1}}${'}'.repeat(25)}`,
    );
    expect(sharing(`a: {${head}, targeting: {$ref: x0}}`, `${chain.join(', ')}, x200: {var: a}`)).toEqual([
      `${at}.targeting: is nested more than 128 deep, with shared rules written out`,
    ]);
    const flags = (count: number): string =>
      Array.from({ length: count }, (_, step) => `a${step}: {${head}, targeting: {$ref: x}}`).join(', ');
    const wide = `x: {in: [{var: a}, [${Array.from({ length: 995 }, (_, step) => step).join(', ')}]]}`;
    expect(sharing(flags(100), wide)).toEqual([]);
    const tooLarge = 'are too large: written out where flags refer to them, they hold more than 100000 values';
    expect(sharing(flags(101), wide)).toEqual([`a.yaml:4 FeatureFlagSet users: spec["$evaluators"]: ${tooLarge}`]);
    // Not even to find out that each is too large: that would take half a minute.
    const tooWide = `x: {in: [{var: a}, [${Array.from({ length: 100 }, () => '{$ref: z}').join(', ')}]]}, z: ${wide.slice(3)}`;
    const found = sharing(flags(300), tooWide);
    expect(found.length).toBeLessThan(20);
    expect(found.join('\n')).toContain(tooLarge);
  });

  test('is refused with the whole document: flags that were edited together change together', () => {
    const text = `apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: a}\nspec: {flags: {a: true, b: {state: on}}}\n`;
    expect(readDocuments([{ name: 'a.yaml', text }]).documents).toEqual([]);
  });
});

describe('what a gate knows of a request', () => {
  test.each([
    ['{headers: {"x y": a}}', '.headers["x y"]: the key "x y" is not a header name'],
    [
      '{headers: {x: ""}}',
      '.headers.x: "" is not a name in a context (a letter or _, then letters, digits, _ . and -)',
    ],
    ['{headers: {X-A: a, x-a: b}}', '.headers.x-a: is the header X-A already'],
    ['{body: true}', '.body: unknown field; known here: headers, pathParameters'],
  ])('%s', (context, fault) => {
    const head = 'apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: users}\n';
    expect(faults(`${head}spec: {context: ${context}}\n`)).toEqual([
      `a.yaml:4 FeatureFlagSet users: spec.context${fault}`,
    ]);
  });
});
