import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineBaggage } from './baggage.ts';

const space = fc.constantFrom('', '', ' ', '\t ');
const token = fc.constantFrom('a', 'key', "!#$%&'*+-.^_`|~", 'X-1');
const value = fc.constantFrom('', '1', 'DF%2028', 'a=b==', '!#+-:<[]~');
const pair = fc
  .tuple(token, space, space, value)
  .map(([key, before, after, text]) => `${key}${before}=${after}${text}`);
const property = fc.oneof(token, pair);
const member = fc
  .tuple(pair, fc.array(fc.tuple(space, space, property), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.map(([before, after, text]) => `${before};${after}${text}`).join(''));
const invalid = fc.constantFrom('', 'a', '=', 'a b=1', 'a="x"', 'a=1;', 'a=\u00e9', 'a=\\');

test('every valid member passes unchanged and in order, every invalid one is left out', () => {
  let mixed = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.array(fc.oneof({ weight: 5, arbitrary: member }, { weight: 1, arbitrary: invalid }), { maxLength: 6 }),
        { maxLength: 4 },
      ),
      space,
      (lines, gap) => {
        const bad = new Set(['', 'a', '=', 'a b=1', 'a="x"', 'a=1;', 'a=\u00e9', 'a=\\']);
        const valid = lines.flat().filter((each) => !bad.has(each));
        if (valid.length > 0 && valid.length < lines.flat().length) mixed++;
        const passed = combineBaggage(lines.map((entries) => entries.join(`${gap},${gap}`)));
        const trimmed = valid.map((each) => each.replace(/[ \t]+$/, ''));
        expect(passed === null ? [] : passed.split(/[ \t]*,[ \t]*/)).toEqual(trimmed);
        if (passed !== null) expect(combineBaggage([passed])).toBe(passed);
      },
    ),
    { numRuns: 2000 },
  );
  expect(mixed).toBeGreaterThan(50);
});

test('hostile white space takes no more time than its length', () => {
  // Would need minutes with a pattern that goes back over spaces.
  const spaces = ' '.repeat(60_000);
  expect(combineBaggage([`a=1;p${spaces}x,b=2`])).toBe('b=2');
  expect(combineBaggage([`a${spaces}x,b=2`])).toBe('b=2');
});
