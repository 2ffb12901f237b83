import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStreamParser, type StreamEvent } from './event-stream.ts';

/** The standard's steps over the whole text at once. */
function reference(text: string): StreamEvent[] {
  const events: StreamEvent[] = [];
  let [lastEventId, type, data] = ['', '', null as string | null];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data !== null) events.push({ lastEventId, type: type || 'message', data });
      [type, data] = ['', null];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?::[ ]?(.*))?$/su.exec(line)!;
    if (field === 'data') data = data === null ? value : `${data}\n${value}`;
    if (field === 'event') type = value;
    if (field === 'id' && !value.includes('\0')) lastEventId = value;
  }
  return events;
}

const word = fc.oneof(
  fc.constantFrom('', 'a', ' b', 'ä', '\u{1f41e}', ':', 'x: y', '\0', '{"a":1}'),
  fc.string({ maxLength: 5 }),
);
const lineText = fc.oneof(
  fc.constantFrom('', '', '', 'data', ':', 'retry: 10', 'data:', 'id'),
  fc.tuple(fc.constantFrom('data: ', 'data:', 'event: ', 'id: ', ': ', 'other: '), word).map((parts) => parts.join('')),
);
const streamText = fc
  .tuple(
    fc.constantFrom('', '', '\ufeff'),
    fc.array(
      fc.tuple(lineText, fc.constantFrom('\n', '\r\n', '\r')).map((parts) => parts.join('')),
      { minLength: 5, maxLength: 30 },
    ),
    fc.constantFrom('', 'data: cut off'),
  )
  .map(([mark, lines, rest]) => mark + lines.join('') + rest);

test('however a stream is cut, its events are those of the whole text', () => {
  const seen = { events: 0, cutCrLf: 0 };
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(120), { minLength: 10, maxLength: 60 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const parser = new EventStreamParser();
      const events = places.flatMap((place, index) => {
        if (index > 0 && bytes[place - 1] === 13 && bytes[place] === 10) seen.cutCrLf += 1;
        return parser.read(bytes.subarray(places[index - 1] ?? 0, place));
      });
      const expected = reference(bytes.toString());
      seen.events += expected.length;
      expect(events).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.events, seen.cutCrLf)).toBeGreaterThan(75);
});

test('byte for byte', () => {
  const parser = new EventStreamParser();
  const text = ':\r\n\r\nid: pods=1\r\nevent: snapshot\r\ndata: {"ä":\r\ndata: 1}\r\n\r\n';
  const events = [...Buffer.from(text)].flatMap((byte) => parser.read(Uint8Array.of(byte)));
  expect(events).toEqual([{ lastEventId: 'pods=1', type: 'snapshot', data: '{"ä":\n1}' }]);
});

test('an event without end is refused', () => {
  const parser = new EventStreamParser();
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  expect(() => {
    for (let count = 0; count < 40; count += 1) parser.read(mebibyte);
  }).toThrow(RangeError);
});
