import { expect, test } from 'vitest';
import { headerText } from './header-text.ts';

const sent = (text: string, encoding: BufferEncoding): string => Buffer.from(text, encoding).toString('latin1');

test.each<[bytes: string, text: string]>([
  ['user-7', 'user-7'],
  ['', ''],
  [sent('Müller', 'utf8'), 'Müller'],
  [sent('ユーザー-7', 'utf8'), 'ユーザー-7'],
  [sent('Müller', 'latin1'), 'Müller'],
  [sent('\u{FEFF}a', 'utf8'), '\u{FEFF}a'],
])('%j is %j', (bytes, text) => {
  expect(headerText(bytes)).toBe(text);
});
