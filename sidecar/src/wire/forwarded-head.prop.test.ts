import * as fc from 'fast-check';
import { Duplex } from 'node:stream';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { expect, test } from 'vitest';
import { chunkedBodies } from './chunked-bodies.fixture.ts';
import { forwardedAnswer, forwardedRequest } from './forwarded-head.ts';
import { COMPLETE, FRAMING } from './message-head.ts';
import { readAnswer, readRequest } from './reference-parser.fixture.ts';
import { RequestHead } from './request-head.ts';
import { requestHeads } from './request-heads.fixture.ts';
import { ResponseHead } from './response-head.ts';

const HOP = 'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te upgrade'.split(' ');
const ESSENTIAL = 'host content-length transfer-encoding trailer via date expect'.split(' ');

const FRAMING_FIELDS = ['content-length', 'transfer-encoding'];

const anyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: 4, maxLength: 4 })
    .map((upper) => Array.from(text, (letter, index) => (upper[index % 4] ? letter.toUpperCase() : letter)).join(''));
const letters = (text: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...text), minLength: 0, maxLength });
const value = letters('ab1"\\,;= \t\xe4\xff%()', 12).map((text) => text.trim());
const space = fc.constantFrom('', ' ', '\t ', '  ');
const lineOf = (name: fc.Arbitrary<string>, content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(name, space, content, space).map(([each, before, text, after]) => `${each}:${before}${text}${after}`);
const named = (name: string, content: fc.Arbitrary<string>): fc.Arbitrary<string> => lineOf(anyCase(name), content);

const plain = lineOf(
  fc.constantFrom('x', 'X-One', 'x-two', 'Cookie', 'SET-COOKIE', 'a!b', 'date', 'via', 'trailer'),
  value,
);
const options = fc
  .array(
    fc.constantFrom('close', 'keep-alive', 'X-One', 'x-two', 'cookie', 'host', 'content-length', 'te', 'via', ''),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((list) => list.join(' ,'));
const hop = fc.oneof(
  named('connection', options),
  named('keep-alive', fc.constantFrom('timeout=5', '')),
  named('te', fc.constantFrom('trailers', 'gzip', 'gzip, Trailers')),
  named('proxy-authorization', value),
  named('proxy-connection', value),
  named('proxy-authenticate', value),
);
const lengthLines = fc
  .integer({ min: 1, max: 3 })
  .chain((times) => fc.array(named('content-length', fc.constant('5')), { minLength: times, maxLength: times }));
const body = fc.oneof(
  fc.record({ lines: fc.constant<string[]>([]), body: fc.constant('') }),
  fc.record({ lines: lengthLines, body: fc.constant('\r\n\0\xffz') }),
  fc.record({
    lines: named('transfer-encoding', anyCase('chunked')).map((line) => [line]),
    body: fc.constantFrom(
      '0\r\n\r\n',
      '2;a="b";c\r\nhi\r\n0\r\nX-Sum: \xff\r\n\r\n',
      '00A\r\n0123\r\n6789\r\n0\r\n\r\n',
    ),
  }),
);

/** A message whose lines stand in any order. */
const message = (firstLine: fc.Arbitrary<string>, ...always: fc.Arbitrary<string>[]) =>
  fc
    .record({
      first: firstLine,
      framed: body,
      others: fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: hop }), { maxLength: 12 }),
      always: fc.tuple(...always),
    })
    .chain(({ first, framed, others, always: needed }) => {
      const lines = [...needed, ...others, ...framed.lines].filter((line) => line !== '');
      return fc
        .shuffledSubarray(lines, { minLength: lines.length })
        .map((shuffled) => ({ text: `${[first, ...shuffled].join('\r\n')}\r\n\r\n`, body: framed.body }));
    });

const requestLine = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'DELETE', 'PATCH', 'PROPFIND'),
    fc.constantFrom('/', '/a/../b?c=%zz&d[]={}|', 'http://b:81/c', 'http://b', 'HTTPS://[::1]?q', '//x'),
    fc.constantFrom('1.1', '1.1', '1.2', '1.0'),
  )
  .map(([method, target, version]) => `${method} ${target} HTTP/${version}`);
const requests = message(
  requestLine,
  named('host', fc.constantFrom('a', '', 'a-b.c:80')),
  fc.oneof(fc.constant(''), named('expect', anyCase('100-continue'))),
).filter(({ text }) => !/HTTP\/1\.0\r/.test(text) || !/\r\ntransfer-encoding/i.test(text));
const answers = message(
  fc
    .tuple(
      fc.constantFrom('1.1', '1.0', '1.3'),
      fc.constantFrom('200 OK', '404 ', '204 No', '304 N\xf6', '103 Early Hints'),
    )
    .map(([version, rest]) => `HTTP/${version} ${rest}`),
).filter(({ text }) => !text.startsWith('HTTP/1.0') || !/\r\ntransfer-encoding/i.test(text));

const ADDED = 'Via: 1.1 me\r\nx-added: 1\r\n';
const forward = (text: string): { head: RequestHead; forwarded: string } => {
  const head = new RequestHead();
  expect([head.parse(Buffer.from(text, 'latin1'), 0, text.length), head.fault]).toEqual([COMPLETE, null]);
  return { head, forwarded: forwardedRequest(head, { added: ADDED, replaced: 0, authority: 'service' }) };
};

/** The test's own idea of the lines that stay, by the reference parser. */
const stays = (fields: readonly { name: string; value: string; line: string }[]): { name: string; line: string }[] => {
  const split = (name: string): string[] =>
    fields.filter((field) => field.name === name).flatMap((field) => field.value.split(','));
  const forThisHop = split('connection').map((option) => option.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());
  return fields.filter(({ name }) => !HOP.includes(name) && (!forThisHop.includes(name) || ESSENTIAL.includes(name)));
};

/** The lines that delimit the body, as they have to be passed on: null when they may stay where they are. */
const framingAnew = (fields: readonly { name: string; value: string; line: string }[]): string | null => {
  const framing = fields.filter(({ name }) => FRAMING_FIELDS.includes(name));
  if (framing.length === 0 || (framing.length === 1 && /^[^:]*: ?(?:5|chunked)$/.test(framing[0]!.line))) return null;
  return framing[0]!.name === 'content-length' ? 'Content-Length: 5' : 'Transfer-Encoding: chunked';
};

test('a forwarded request has the same method, target and fields, less those for one hop, plus those of the sidecar', () => {
  let hops = 0;
  fc.assert(
    fc.property(requests, ({ text }) => {
      const before = readRequest(text);
      const { forwarded } = forward(text);
      const after = readRequest(forwarded);
      if (typeof before === 'number' || typeof after === 'number') return expect.unreachable(`${text} ${forwarded}`);
      const [, authority, path] = /^https?:\/\/([^/?]*)(.*)$/i.exec(before.target) ?? [];
      expect(after).toMatchObject({ method: before.method, minor: 1, framing: before.framing, end: forwarded.length });
      expect(after.target).toBe(path === undefined ? before.target : path.replace(/^(?!\/)/, '/'));
      const anew = framingAnew(before.fields);
      const kept = stays(before.fields)
        .filter(({ name }) => anew === null || !FRAMING_FIELDS.includes(name))
        .filter(({ name }) => name !== 'expect' || (before.minor === 1 && before.framing !== 0))
        .filter(({ name }) => name !== 'host' || authority === undefined)
        .map(({ line }) => line);
      const added = ['Via: 1.1 me', 'x-added: 1', ...(anew === null ? [] : [anew])];
      const te = before.fields.filter(({ name }) => name === 'te').map(({ value: each }) => each.toLowerCase());
      if (te.some((each) => each.includes('trailers'))) added.push('TE: trailers', 'Connection: TE');
      if (authority !== undefined) added.push(`Host: ${authority}`);
      expect(after.fields.map(({ line }) => line)).toEqual([...kept, ...added]);
      if (kept.length < before.fields.length) hops++;
    }),
    { numRuns: 2_000 },
  );
  expect(hops).toBeGreaterThan(125);
});

test('a forwarded answer has the same status, reason and fields, less those for one hop, plus those of the sidecar', () => {
  fc.assert(
    fc.property(answers, fc.constantFrom(0, 1), ({ text }, clientMinor) => {
      const before = readAnswer(text);
      const head = new ResponseHead();
      expect([head.parse(Buffer.from(text, 'latin1'), 0, text.length, false), head.fault]).toEqual([COMPLETE, null]);
      const forwarded = forwardedAnswer(head, { added: ADDED, clientMinor, date: 'now' });
      const after = readAnswer(forwarded);
      if (before === null || after === null) return expect.unreachable(`${text} ${forwarded}`);
      expect(forwarded.split('\r\n')[0]!.slice('HTTP/1.1'.length)).toBe(
        text.split('\r\n')[0]!.slice('HTTP/1.1'.length),
      );
      expect(after).toMatchObject({ status: before.status, minor: 1, end: forwarded.length });
      const bare = before.status === 204 || before.status < 200;
      const isWanted = (name: string): boolean =>
        !(bare && FRAMING_FIELDS.includes(name)) &&
        (clientMinor === 1 || !['trailer', 'transfer-encoding'].includes(name));
      const anew = framingAnew(before.fields);
      const isPassed = anew !== null && isWanted(anew.split(':')[0]!.toLowerCase());
      const kept = stays(before.fields)
        .filter(({ name }) => isWanted(name) && (anew === null || !FRAMING_FIELDS.includes(name)))
        .map(({ line }) => line);
      const dated = before.status < 200 || before.fields.some(({ name }) => name === 'date');
      expect(after.fields.map(({ line }) => line)).toEqual([
        ...kept,
        'Via: 1.1 me',
        'x-added: 1',
        ...(isPassed ? [anew] : []),
        ...(dated ? [] : ['Date: now']),
      ]);
    }),
    { numRuns: 2_000 },
  );
});

/** Gives bytes to Node's own server as if they came from a socket; what it made of them, or its complaint. */
const askNode = (server: Server, bytes: string): Promise<{ request: IncomingMessage; body: string } | string> =>
  new Promise((resolve) => {
    const stream = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    const heard = (request: IncomingMessage): void => {
      let text = '';
      request.setEncoding('latin1');
      request.on('data', (piece: string) => (text += piece));
      request.on('end', () => resolve({ request, body: text }));
    };
    server.removeAllListeners().on('connection', connected);
    server.on('request', heard).on('checkContinue', heard).on('checkExpectation', heard);
    server.on('clientError', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    server.emit('connection', stream);
    stream.push(Buffer.from(bytes, 'latin1'));
  });
const server = createServer({ maxHeaderSize: 100_000, insecureHTTPParser: false });
const connected = server.listeners('connection')[0] as () => void;

test('Node’s strict parser reads a forwarded request as we do', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async ({ text, body: sent }) => {
      const { head, forwarded } = forward(text);
      const expected = readRequest(forwarded);
      const found = await askNode(server, forwarded + sent);
      if (typeof found === 'string') return expect.unreachable(`${found}: ${forwarded}`);
      if (typeof expected === 'number') return expect.unreachable(`${expected}: ${forwarded}`);
      const { request, body: received } = found;
      expect([request.method, request.url, request.httpVersion]).toEqual([expected.method, expected.target, '1.1']);
      expect(request.rawHeaders).toEqual(
        expected.fields.flatMap(({ line }) => {
          const [, name, content] = /^([^:]*):[ \t]*(.*?)[ \t]*$/.exec(line)!;
          return [name, content];
        }),
      );
      const data = head.framing === FRAMING.chunked ? unchunked(sent) : sent;
      expect(received).toBe(data);
    }),
    { numRuns: 500 },
  );
});

const unchunked = (text: string): string => {
  if (text.startsWith('0\r\n')) return '';
  return text.startsWith('2;') ? 'hi' : '0123\r\n6789';
};

test('what passes and Node refuses, all of it harmless: a refusal, never another reading', async () => {
  const refused: string[] = [];
  const say = async (name: string, bytes: string): Promise<void> => {
    const found = await askNode(server, bytes);
    if (typeof found === 'string') refused.push(`${name}: ${found}`);
  };
  for (const [name, text, fault] of requestHeads) {
    if (fault !== null) continue;
    const { head, forwarded } = forward(text);
    const sent = head.framing === FRAMING.chunked ? '0\r\n\r\n' : 'x'.repeat(head.contentLength);
    await say(name, forwarded + sent);
  }
  const { forwarded } = forward('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const [name, text, fault] of chunkedBodies) if (fault === null) await say(name, forwarded + text);
  expect(refused).toEqual([
    // Any token is a method (RFC 9110 §9.1); Node knows a list.
    'RFC 9110 §9.1: a method that nobody knows: HPE_INVALID_METHOD',
    'RFC 9110 §9.1: a method with a lower-case letter is another method: HPE_INVALID_METHOD',
    'RFC 9110 §9.1: every mark that a token may hold: HPE_INVALID_METHOD',
    // White space around `;` and `=` must be understood (BWS, RFC 9110 §5.6.3); Node does not.
    'RFC 9112 §7.1.1: white space wherever it is bad but allowed: HPE_INVALID_CHUNK_SIZE',
  ]);
});
