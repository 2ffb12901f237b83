import { expect, test } from 'vitest';
import { keepAliveSeconds } from './connection-options.ts';
import { COMPLETE } from './message-head.ts';
import { ResponseHead } from './response-head.ts';

test.each([
  ['', -1],
  ['Keep-Alive: timeout=5\r\n', 5],
  ['Keep-Alive: timeout=5, max=1000\r\n', 5],
  ['Keep-Alive: max=1000, Timeout = "7"\r\n', 7],
  ['Keep-Alive: max=1000\r\nkeep-alive: timeout=9\r\n', 9],
  ['Keep-Alive: xtimeout=5\r\n', -1],
  ['Keep-Alive: timeout=soon\r\n', -1],
  ['Keep-Alive: 300\r\n', -1],
  ['Keep-Alive: timeout=0\r\n', 0],
])('how long the service keeps an idle connection, by %j', (fields, expected) => {
  const head = new ResponseHead();
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n`, 'latin1');
  expect(head.parse(bytes, 0, bytes.length, false)).toBe(COMPLETE);
  expect(keepAliveSeconds(head)).toBe(expected);
});
