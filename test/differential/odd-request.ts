import type { Chance } from '../fuzz/chance.ts';
import { mutated } from '../fuzz/mutate.ts';

const methods = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'];
const targets = [
  '/',
  '/a?b=c',
  '//a//b',
  '/../a/./b',
  '/%41%2f%00%zz',
  "/a{b}|c^d\\e[f]`g?h='i'&j=~!",
  '/a;b=c,d:e@f',
  'http://b/c',
  'http://b:8080?q',
  'HTTPS://[::1]/',
  'http://b',
];
const hosts = ['a', 'a', 'a:80', 'a-b.c', 'A.b', '', '127.0.0.1:8080', '[::1]', 'a%2Fb', 'a:', '[2001:db8::1]:443'];
const lines = [
  'x: y',
  'X:y',
  'x:   y\t ',
  'x:',
  'x: \xe4\xff"\\,;=',
  'x_y: z',
  "!#$%&'*+-.^_`|~: marks",
  'Cookie: a=b; c="d"',
  'Cookie: e=f',
  'Accept-Encoding: gzip;q=0',
  'Connection: close',
  'Connection: keep-alive',
  'connection: x, keep-alive, Transfer-Encoding, Content-Length, Host',
  'Keep-Alive: timeout=5',
  'TE: trailers, deflate',
  'Trailer: x-sum',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Max-Forwards: 3',
  'Via: 1.0 other',
  'Transfer: chunked',
  'X-Content-Length: 7',
  'Content-Type: text/plain',
  'If-Match: *',
  'X-Forwarded-For: 1.2.3.4',
  'X-HTTP-Method-Override: DELETE',
  'Proxy-Connection: keep-alive',
];
const lengthNames = ['Content-Length', 'content-length', 'CONTENT-LENGTH'];
const codings = ['Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'Transfer-Encoding:  Chunked \t'];
const bodies = [
  '',
  'x',
  'hello',
  '\r\n\r\n',
  '0\r\n\r\n',
  'GET /in HTTP/1.1\r\nHost: in\r\n\r\n',
  '\0\xff\n',
  '5\r\nhello\r\n',
];
const extensions = ['', '', '', ';a', ';a=b', ';a="b;\\"c"', ' ;a', ';a = "\t"'];
const trailers = ['', '', 'x-sum: 1\r\n', 'X:\r\ny: \xe9\r\n'];

function chunked(body: string, chance: Chance): string {
  const size = (length: number): string => {
    const digits = length.toString(16);
    return '0'.repeat(chance.oneIn(4) ? chance.below(4) : 0) + (chance.oneIn(2) ? digits : digits.toUpperCase());
  };
  const chunks = chance
    .pieces(body, 3)
    .map((piece) => `${size(piece.length)}${chance.pick(extensions)}\r\n${piece}\r\n`);
  return `${chunks.join('')}${size(0)}${chance.pick(extensions)}\r\n${chance.pick(trailers)}\r\n`;
}

function framed(chance: Chance): { fields: string[]; body: string } {
  const body = chance.pick(bodies);
  const form = chance.below(5);
  if (form <= 1) return { fields: [], body: '' };
  if (form === 2) return { fields: [chance.pick(codings)], body: chunked(body, chance) };
  const zeros = chance.oneIn(6) ? '00' : '';
  const length = (): string => `${chance.pick(lengthNames)}: ${zeros}${body.length}${chance.oneIn(8) ? ' ' : ''}`;
  return { fields: chance.oneIn(6) ? [length(), length()] : [length()], body };
}

/** A request that is odd and mostly legal; one in three has been damaged. */
export function oddRequest(chance: Chance): string {
  const { fields, body } = framed(chance);
  const others = Array.from({ length: chance.below(5) }, () => chance.pick(lines));
  const all = [`Host: ${chance.pick(hosts)}`, ...others];
  for (const field of fields) all.splice(chance.below(all.length + 1), 0, field);
  const version = chance.oneIn(8) ? chance.pick(['1.0', '1.2']) : '1.1';
  const text = `${chance.pick(methods)} ${chance.pick(targets)} HTTP/${version}\r\n${all.join('\r\n')}\r\n\r\n${body}`;
  return chance.oneIn(3) ? mutated(text, chance, [text]) : text;
}
