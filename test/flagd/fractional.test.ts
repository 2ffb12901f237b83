/** Shares of users: for 10,000 keys each falls into the bucket that flagd itself puts it in. README.md tells where the truth is from. */
import { readFileSync } from 'node:fs';
import { settleFlags } from '@fusebox/api/compile/flags.ts';
import type { FlagsSpec } from '@fusebox/api/flag-set.ts';
import { compileDefinition } from '@fusebox/sidecar/rules/flag-rules.ts';
import { describe, expect, test } from 'vitest';

const KEYS = 10_000;
const FIRST_UNICODE = 8_000;
const WORDS = ['zoë', 'größe', 'пользователь', '用户', 'ユーザー', '𝛼𝛽', '🦊', 'e\u0301te\u0301', 'مستخدم', 'ñ'];
const PLANS = ['gold', 'silver', 'none'];

/** As main.go names them. */
function keyAt(index: number, drawn: number): string {
  const hex = (value: number): string => (value >>> 0).toString(16);
  if (index >= FIRST_UNICODE) return `${WORDS[index % WORDS.length]}-${hex(drawn)}`;
  if (index % 4 === 0) return `user-${index}`;
  if (index % 4 === 1) return `${hex(drawn).padStart(8, '0')}-${hex(drawn ^ 0x5bd1e995).padStart(8, '0')}`;
  return index % 4 === 2 ? String(drawn) : `${hex(drawn)}@example.com`;
}

let drawn = 1;
const contexts = Array.from({ length: KEYS }, (_, index) => {
  drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
  const targetingKey = keyAt(index, drawn);
  const company = { id: `${targetingKey}/${index % 7}` };
  return { targetingKey, email: `${targetingKey}@example.org`, plan: PLANS[index % PLANS.length], company };
});

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');
const { flagDefinitions = {} } = settleFlags([JSON.parse(read('flags.json')) as FlagsSpec]).content;
const flagdSays = new Map(
  read('buckets.txt')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [flag: string, variants: string]),
);

function variantsOf(flag: string): string[] {
  const evaluate = compileDefinition(flag, flagDefinitions[flag]!);
  return contexts.map((context) => evaluate(context).variant ?? '');
}

test('flagd was asked about every flag', () => {
  expect([...flagdSays.keys()].toSorted()).toEqual(Object.keys(flagDefinitions).toSorted());
});

describe('each of 10,000 keys is in the bucket that flagd puts it in', () => {
  const shares = Object.keys(flagDefinitions).filter((flag) => flag !== 'by_something_missing');
  test.each(shares)('%s', (flag) => {
    const variants = variantsOf(flag);
    const truth = flagdSays.get(flag)!;
    const width = truth.length / KEYS;
    const wrong = variants.flatMap((variant, index) => {
      const wanted = truth.slice(index * width, (index + 1) * width);
      return variant === wanted ? [] : [`${contexts[index]!.targetingKey}: ${variant}, not ${wanted}`];
    });
    expect(wrong).toEqual([]);
    // The truth is not trivial: every bucket with a weight has somebody in it.
    expect(new Set(variants).size).toBeGreaterThan(1);
  });
});

// flagd would take the targeting key then. Its cores in JavaScript and Python do as we do.
test('a share that goes by something missing is the default', () => {
  expect(new Set(variantsOf('by_something_missing'))).toEqual(new Set(['x']));
  expect(new Set(flagdSays.get('by_something_missing'))).toEqual(new Set(['0', '1', '2']));
});
