import { expect, test } from 'vitest';
import { afterCount, afterWhole, NEW_TERM, type Term } from './term.ts';

const counted = (present: string[], term: Term = NEW_TERM): Term => afterCount(term, 'me', present);

test('a leader that is alone knows everything as soon as it has counted', () => {
  expect(NEW_TERM.complete).toBe(false);
  expect(counted(['me']).complete).toBe(true);
});

test('every replica that is there must have told everything', () => {
  let term = counted(['me', 'b', 'c']);
  expect(term.complete).toBe(false);
  term = afterWhole(term, 'b', ['me', 'b', 'c']);
  expect(term.complete).toBe(false);
  expect(afterWhole(term, 'c', ['me', 'b', 'c']).complete).toBe(true);
});

test('a replica that ends meanwhile is not waited for', () => {
  expect(counted(['me', 'b'], counted(['me', 'b', 'c'])).complete).toBe(false);
  expect(counted(['me'], counted(['me', 'b'])).complete).toBe(true);
});

test('before the replicas were counted nothing is complete, whoever has told everything', () => {
  expect(afterWhole(NEW_TERM, 'b', ['me', 'b']).complete).toBe(false);
  expect(counted(['me', 'b'], afterWhole(NEW_TERM, 'b', [])).complete).toBe(true);
});

test('who comes later does not make the term incomplete again', () => {
  expect(counted(['me', 'new'], counted(['me'])).complete).toBe(true);
});
