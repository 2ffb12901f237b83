import { expect, test } from 'vitest';
import { InputBuffer } from './input-buffer.ts';

const textOf = ({ bytes, start, end }: InputBuffer): string => bytes.toString('latin1', start, end);
const piece = (text: string): Buffer => Buffer.from(text, 'latin1');

test('a piece that is used whole is never copied', () => {
  const input = new InputBuffer();
  for (const text of ['one', 'two']) {
    const bytes = piece(text);
    expect(input.push(bytes)).toBe(0);
    expect(input.bytes).toBe(bytes);
    input.use(input.end);
    expect([input.length, input.start]).toEqual([0, 0]);
    // Nor is it kept alive.
    expect(input.bytes).not.toBe(bytes);
  }
});

test('what was left of a piece moves to the front when more comes, and it is said by how much', () => {
  const input = new InputBuffer();
  input.push(piece('used left'));
  input.use(5);
  expect(textOf(input)).toBe('left');
  expect(input.push(piece(' and more'))).toBe(-5);
  expect([textOf(input), input.start]).toEqual(['left and more', 0]);
});

test('the piece of the network itself is never written to', () => {
  const input = new InputBuffer();
  const shared = piece('abc------');
  input.push(shared.subarray(0, 3));
  input.push(piece('def'));
  expect([textOf(input), shared.toString()]).toEqual(['abcdef', 'abc------']);
});

test('nothing moves while there is room', () => {
  const input = new InputBuffer();
  input.push(piece('ab'));
  input.push(piece('c'));
  input.use(1);
  expect(input.push(piece('d'))).toBe(0);
  expect([textOf(input), input.start]).toEqual(['bcd', 1]);
});

test('after clear there is nothing', () => {
  const input = new InputBuffer();
  input.push(piece('abc'));
  input.clear();
  expect([input.length, textOf(input)]).toEqual([0, '']);
  expect(input.push(piece('d'))).toBe(0);
  expect(textOf(input)).toBe('d');
});
