import { damagingText } from '@fusebox/sidecar/wire/damaged-text.fixture.ts';
import type { Chance } from './chance.ts';

/** Longer texts meet limits that the reference does not know (bytes). */
const MAX_TEXT_BYTES = 8_000;

/** Beyond the damaging text of the unit tests: whole lines and words that mean something together. */
const words: readonly string[] = [
  ...damagingText,
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'Connection: close\r\n',
  'Connection: upgrade, x\r\nUpgrade: websocket\r\n',
  'Connection: keep-alive, content-length, host\r\n',
  'Expect: 100-continue\r\n',
  'Max-Forwards: 0\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 05\r\n',
  'TE: trailers\r\n',
  'Via: 1.1 fusebox-sim\r\n',
  'x: y\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  ';a="b"',
  '\r\n\r\n',
  'http://',
  '[::1]',
  '%41',
  '\x0b',
  '\x85',
  ', ',
  'Transfer-Encoding:\tchunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'content-length: 3 \r\n',
];

type Change = (text: string, chance: Chance, corpus: readonly string[]) => string;

const insert: Change = (text, chance) => {
  const at = chance.below(text.length + 1);
  return text.slice(0, at) + chance.pick(words) + text.slice(at);
};
const replace: Change = (text, chance) => {
  const at = chance.below(text.length + 1);
  return text.slice(0, at) + chance.pick(words) + text.slice(at + 1 + chance.below(3));
};
const anyByte: Change = (text, chance) => {
  const at = chance.below(text.length + 1);
  return text.slice(0, at) + String.fromCharCode(chance.below(256)) + text.slice(at + 1);
};
const drop: Change = (text, chance) => {
  const at = chance.below(text.length + 1);
  return text.slice(0, at) + text.slice(at + 1 + chance.below(8));
};
const double: Change = (text, chance) => {
  const from = chance.below(text.length + 1);
  const to = Math.min(text.length, from + 1 + chance.below(40));
  return text.slice(0, to) + text.slice(from);
};
const changeCase: Change = (text, chance) => {
  const at = chance.below(text.length + 1);
  const part = text.slice(at, at + 1 + chance.below(12));
  const other = part.replace(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 0x20));
  return text.slice(0, at) + other + text.slice(at + part.length);
};
const splice: Change = (text, chance, corpus) => {
  const other = chance.pick(corpus);
  return text.slice(0, chance.below(text.length + 1)) + other.slice(chance.below(other.length + 1));
};
const append: Change = (text, chance, corpus) => text + chance.pick(corpus);
const truncate: Change = (text, chance) => text.slice(0, chance.below(text.length + 1));

/** One line inserted before another: most of what is interesting is a combination of fields. */
const addLine: Change = (text, chance) => {
  const line = text.indexOf('\r\n', chance.below(text.length + 1));
  return line < 0 ? text : `${text.slice(0, line + 2)}${chance.pick(words)}${text.slice(line + 2)}`;
};
const repeatLine: Change = (text, chance) => {
  const from = text.indexOf('\r\n', chance.below(text.length + 1));
  const to = text.indexOf('\r\n', from + 2);
  if (from < 0 || to < 0 || !chance.oneIn(8)) return text;
  return text.slice(0, to) + text.slice(from, to).repeat(chance.oneIn(6) ? 101 : 1 + chance.below(3)) + text.slice(to);
};

// What keeps a text nearly whole stands more than once.
const changes: readonly Change[] = [
  insert,
  insert,
  replace,
  replace,
  anyByte,
  drop,
  double,
  changeCase,
  addLine,
  addLine,
  addLine,
  repeatLine,
  splice,
  append,
  truncate,
];

/** The text with up to four changes (often one, sometimes none); `corpus` is what it may be mixed with. */
export function mutated(text: string, chance: Chance, corpus: readonly string[]): string {
  let result = text;
  for (let times = chance.below(8) >> 1; times >= 0; times--) {
    if (times === 0 && chance.oneIn(4)) break;
    result = chance.pick(changes)(result, chance, corpus);
  }
  return result.length > MAX_TEXT_BYTES ? result.slice(0, MAX_TEXT_BYTES) : result;
}
