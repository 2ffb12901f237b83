import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

test('however the bytes are cut, the lines are the same', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + 'unfinished');
      const seen: string[] = [];
      const splitter = new LineSplitter((text) => seen.push(text));
      const ends = [...new Set([...cuts, bytes.length])].filter((at) => at <= bytes.length).toSorted((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        splitter.take(bytes.subarray(from, end));
        from = end;
      }
      expect(seen).toEqual(lines.filter((text) => text !== ''));
    }),
  );
});
