import { expect, test } from 'vitest';
import { parseContextEntry } from './evaluation-context.ts';

test.each<[text: string, entry: object]>([
  ['plan=gold', { name: 'plan', value: 'gold' }],
  ['age=18', { name: 'age', value: 18 }],
  ['staff=true', { name: 'staff', value: true }],
  ['id="7"', { name: 'id', value: '7' }],
  ['company={"size":100}', { name: 'company', value: { size: 100 } }],
  ['email=a=b@example.com', { name: 'email', value: 'a=b@example.com' }],
  ['empty=', { name: 'empty', value: '' }],
  ['targetingKey=90071992547409931', { name: 'targetingKey', value: '90071992547409931' }],
  ['version=1.2.0', { name: 'version', value: '1.2.0' }],
])('%s', (text, entry) => {
  expect(parseContextEntry(text)).toEqual(entry);
});

test.each(['plan', '=gold', ''])('"%s" is no entry', (text) => {
  expect(parseContextEntry(text)).toHaveProperty('fault');
});
