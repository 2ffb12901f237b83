import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { optionTable } from './option-table.ts';

const options = Object.values(optionTable);
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'none',
    ':0',
    ':4140',
    '[::1]:1',
    'unix:',
    'unix:/a',
    'a=b',
    'deploy/x',
    '5s',
    '1',
    'true',
    '-',
    '--',
  ),
  fc.string({ maxLength: 12 }),
);
const flag = fc.oneof(
  fc.constantFrom(...options.map((option) => `--${option.flag}`)),
  fc.string({ maxLength: 8 }).map((name) => `--${name}`),
);
const argv = fc.array(
  fc.oneof(
    fc.tuple(flag, text).map(([name, value]) => [name, value]),
    fc.tuple(flag, text).map(([name, value]) => [`${name}=${value}`]),
    text.map((word) => [word]),
  ),
  { maxLength: 6 },
);
const env = fc.dictionary(fc.constantFrom(...options.flatMap((option) => option.env)), text, { maxKeys: 4 });

test('whatever is typed comes to a configuration, a help or faults, and never throws', () => {
  const seen = { config: 0, help: 0, faults: 0 };
  fc.assert(
    fc.property(argv, env, (words, variables) => {
      const read = readConfig(words.flat(), variables);
      if ('config' in read) seen.config += 1;
      else if ('help' in read) seen.help += 1;
      else {
        seen.faults += 1;
        expect(read.faults).not.toEqual([]);
        for (const fault of read.faults) expect(fault).toMatch(/\S: |: /s);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(seen.config, seen.help, seen.faults)).toBeGreaterThan(0);
});

const valid: [flag: string, text: string][] = [
  ['inbound', '127.0.0.1:1'],
  ['admin', 'none'],
  ['upstream', 'unix:/a'],
  ['config', 'x'],
  ['namespace', 'shop'],
  ['workload', 'sts/db'],
  ['labels', 'a=b'],
  ['sample-ratio', '.5'],
  ['log-level', 'warn'],
  ['drain-delay', '1s'],
];

test('it is the same whether an option is a flag, a flag with "=", or a variable', () => {
  const chosen = fc.subarray(valid);
  const form = fc.array(fc.constantFrom('flag', 'inline', 'variable'), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(chosen, form, (pairs, forms) => {
      const words: string[] = [];
      const variables: Record<string, string> = {};
      for (const [at, [name, value]] of pairs.entries()) {
        if (forms[at] === 'flag') words.push(`--${name}`, value);
        else if (forms[at] === 'inline') words.push(`--${name}=${value}`);
        else variables[`FUSEBOX_${name.replaceAll('-', '_').toUpperCase()}`] = value;
      }
      const asFlags = readConfig(
        pairs.flatMap(([name, value]) => [`--${name}`, value]),
        {},
      );
      expect(asFlags).toHaveProperty('config');
      expect(readConfig(words, variables)).toEqual(asFlags);
    }),
  );
});
