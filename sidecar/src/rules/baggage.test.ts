import { expect, test } from 'vitest';
import { combineBaggage } from './baggage.ts';

const list = (count: number): string => Array.from({ length: count }, (_, i) => `key${i}=value`).join(',');

test.each<[string, string[], string | null]>([
  ['a single line passes as it is', ['a = 1 ; p ; q = 2 , b=2'], 'a = 1 ; p ; q = 2 , b=2'],
  [
    'lines become one list, in order',
    ['userId=alice', 'node=DF%2028, prod=false'],
    'userId=alice,node=DF%2028,prod=false',
  ],
  ['no line, nothing', [], null],
  ['an empty line, nothing', [''], null],
  ['white space around', [' \ta=1\t '], 'a=1'],
  ['properties stay', ['a=1;p;q=2', 'b=2'], 'a=1;p;q=2,b=2'],
  ['repeated keys stay', ['a=1,a=2', 'a=3'], 'a=1,a=2,a=3'],
  ['a value may be empty and hold =', ['a=,b=c=d=='], 'a=,b=c=d=='],
  ['a key is a token', ["!#$%&'*+-.^_`|~09azAZ=1"], "!#$%&'*+-.^_`|~09azAZ=1"],
  ['empty members are left out', ['a=1,,b=2,'], 'a=1,b=2'],
  ['only invalid members are left out', ['a=1,no value,b=2'], 'a=1,b=2'],
  ...[
    'a',
    '=1',
    'a b=1',
    'a=b c',
    'a="b"',
    'a=b\\',
    'a(=1',
    'é=1',
    'a=é',
    'a=1;',
    'a=1;;p',
    'a=1;p=x y',
    'a=1;=2',
    ';a=1',
    'a=\u0001',
  ].map((invalid): [string, string[], string] => [
    `without ${JSON.stringify(invalid)}`,
    [`x=1,${invalid},y=2`],
    'x=1,y=2',
  ]),
  ['64 members', [list(64)], list(64)],
  ['the first 64 of 65 members', [list(65)], list(64)],
  ['8192 bytes', [`a=${'1'.repeat(8190)}`], `a=${'1'.repeat(8190)}`],
  ['8193 bytes in one member', [`a=${'1'.repeat(8191)}`], null],
  ['what fits into 8192 bytes', [`a=${'1'.repeat(8000)},b=${'2'.repeat(200)},c=3`], `a=${'1'.repeat(8000)},c=3`],
])('%s', (_name, lines, expected) => {
  expect(combineBaggage(lines)).toBe(expected);
});
