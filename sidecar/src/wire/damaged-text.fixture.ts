/** A change of a text: at `place` (taken modulo its length), `drop` bytes give way to `put`. */
export interface Damage {
  readonly place: number;
  readonly drop: number;
  readonly put: string;
}

/** Bytes that mean something to a parser, bytes that never may stand there, and some words. */
export const damagingText: readonly string[] = Array.from(
  '\r\n\r\n \t:;=,"\\%/?#@[]*0159aAfxX-_\0\x7f\x80\xa0\xff',
).concat(
  'HTTP/1.1',
  '\r\n',
  '\r\n ',
  'chunked',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
);

export const damaged = (text: string, damages: readonly Damage[]): string => {
  let result = text;
  for (const { place, drop, put } of damages) {
    const at = place % (result.length + 1);
    result = result.slice(0, at) + put + result.slice(at + drop);
  }
  return result;
};
