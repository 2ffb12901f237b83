import { expect, test } from 'vitest';
import { EventBook } from './event-book.ts';
import type { News } from './news.ts';

const newsOf = (uid: string, reason: string, note = ''): News => ({
  about: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: uid, uid },
  type: 'Normal',
  reason,
  action: 'Act',
  note,
});

const told = (book: EventBook, nowMs: number): [string, number][] =>
  book.take(nowMs).map(({ news, count }) => [`${news.about.uid} ${news.reason} ${news.note}`.trim(), count]);

test('news are due at once, and once', () => {
  const book = new EventBook();
  book.add(newsOf('a', 'One'));
  book.add(newsOf('b', 'One'));
  expect(told(book, 0)).toEqual([
    ['a One', 1],
    ['b One', 1],
  ]);
  expect(told(book, 0)).toEqual([]);
  expect(book.waitMs(0)).toBeNull();
});

test('after ten, an object gets one every 30 s; the newest is told, with how many there were', () => {
  const book = new EventBook();
  for (let count = 0; count < 10; count += 1) {
    book.add(newsOf('a', 'Busy', String(count)));
    expect(told(book, 0)).toHaveLength(1);
  }
  for (let count = 0; count < 7; count += 1) book.add(newsOf('a', 'Busy', `late ${count}`));
  book.add(newsOf('b', 'Calm'));
  expect(told(book, 0)).toEqual([['b Calm', 1]]);
  expect(book.waitMs(0)).toBe(30_000);
  expect(told(book, 29_999)).toEqual([]);
  expect(told(book, 30_000)).toEqual([['a Busy late 6', 7]]);
});

test('what waits is told in turn, and the waiting time is that of the first', () => {
  const book = new EventBook();
  for (let count = 0; count < 12; count += 1) book.add(newsOf('a', `Reason${count}`));
  expect(told(book, 0)).toHaveLength(10);
  expect(book.waitMs(10_000)).toBe(20_000);
  expect(told(book, 30_000)).toEqual([['a Reason10', 1]]);
  expect(told(book, 60_000)).toEqual([['a Reason11', 1]]);
});

test('what waits is bounded: the oldest is given up', () => {
  const book = new EventBook();
  for (let count = 0; count < 1_200; count += 1) book.add(newsOf(`uid-${count}`, 'One'));
  const due = told(book, 0);
  expect(due).toHaveLength(1_000);
  expect(due[0]).toEqual(['uid-200 One', 1]);
});
