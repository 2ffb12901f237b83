import { Duration, List, matching, Text } from '@fusebox/api/schema.ts';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { crdFiles } from './crds.ts';
import { openApi } from './open-api.ts';

const of = (schema: object) => openApi(schema);

test('a duration has a rough pattern, and a rule with its range', () => {
  const schema = of(Duration({ description: 'How long.', builtIn: '5s', maximumMs: 60_000 }));
  expect(schema).toMatchObject({ type: 'string', maxLength: 64, description: 'How long. When nothing is said: 5s.' });
  expect(schema['x-kubernetes-validations']).toMatchObject([
    { message: 'is not a duration from 1ms to 1m (like 250ms, 5s, 2m)' },
  ]);
});

test('quotes and backslashes of a pattern survive the way into CEL', () => {
  const schema = of(Text(matching(/^'\d\\$/, 'is odd'), { description: 'Odd.', maxLength: 9 }));
  expect(schema['x-kubernetes-validations']).toEqual([
    { rule: String.raw`self.matches('^\'\\d\\\\$')`, message: 'is odd' },
  ]);
});

test('a text too long for a rule keeps its pattern', () => {
  const schema = of(Text(matching(/^a+$/, 'is no a'), { description: 'As.', maxLength: 4096 }));
  expect(schema).toEqual({ description: 'As.', type: 'string', maxLength: 4096, pattern: '^a+$' });
});

test('a list with names is a map to the API server, any other is replaced whole', () => {
  const named = List(Type.Object({ name: Type.String() }), { description: 'Named.', unique: { field: 'name' } });
  expect(of(named)).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
  expect(of(List(Type.String(), { description: 'Plain.' }))).toMatchObject({ 'x-kubernetes-list-type': 'atomic' });
});

test('above a bound is said as OpenAPI 3.0 says it', () => {
  expect(of(Type.Number({ exclusiveMinimum: 0 }))).toEqual({ type: 'number', minimum: 0, exclusiveMinimum: true });
});

test('what is refused with our words is typed, so that the words are reached', () => {
  const schema = of(Type.Object({}, { refused: { outbound: 'not in this version' } }));
  expect(schema).toMatchObject({
    properties: { outbound: { type: 'array' } },
    'x-kubernetes-validations': [
      { rule: '!has(self.outbound)', message: 'not in this version', fieldPath: '.outbound' },
    ],
  });
  expect(() => of(Type.Object({}, { refused: { brandNew: 'why' } }))).toThrow('brandNew');
});

test('no definition fills anything in', () => {
  for (const { render } of crdFiles) expect(render()).not.toMatch(/^ *default:/m);
});
