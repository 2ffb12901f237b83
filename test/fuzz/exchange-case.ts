/** One case of the fuzzing of exchanges, as data: what a client and a service do, when, and in which pieces. */
import type { Chance } from './chance.ts';
import { answerSeeds, requestSeeds, type Corpus } from './corpus.ts';

export interface Piece {
  readonly text: string;
  /** Simulated time that passes before it (ms). */
  readonly afterMs: number;
}

/** What the service does with a request. */
export interface Script {
  /** It begins as soon as the head has come, or the whole request. */
  readonly at: 'head' | 'whole';
  readonly pieces: readonly Piece[];
  /** And at last. */
  readonly last: 'stay' | 'end' | 'reset';
}

export interface ExchangeCase {
  /** Index of the simulation, each with other settings. */
  readonly world: number;
  readonly client: readonly Piece[];
  readonly clientThen: 'stay' | 'end' | 'leave';
  /** Number of the piece before which the client stops reading for this long (ms); null: never. */
  readonly stall: { readonly before: number; readonly forMs: number } | null;
  readonly maxBodyBytes: number | null;
  /** For the requests in the order in which they reach the service; the last one serves for all that follow. */
  readonly scripts: readonly Script[];
}

const goodRequests: readonly string[] = [
  'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n',
  'POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'DELETE /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /old HTTP/1.0\r\n\r\n',
  'GET /older HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://b/abs HTTP/1.1\r\nHost: a\r\n\r\n',
];
const UPGRADE = 'GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfrom the client';
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfrom the service';

const goodAnswers: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\nto the end',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'HTTP/1.1 500 Oops\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops',
  'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  `HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${'0123456789'.repeat(4_000)}`,
];

/** With what the sidecar adds, more would be over the limit of fields, which the reference has too. */
const MAX_LINES = 90;
const isShort = (text: string): boolean => text.split('\r\n').length < MAX_LINES;
const shortAnswerSeeds = answerSeeds.filter(isShort);
const shortSeeds = requestSeeds.filter(isShort);
const shortOr = (text: string, other: string): string => (isShort(text) ? text : other);

const waits = [0, 0, 0, 0, 0, 0, 1, 200, 2_900, 3_500, 9_000, 31_000] as const;

const piecesOf = (text: string, most: number, chance: Chance): Piece[] => {
  const slow = chance.oneIn(3);
  return chance.pieces(text, most).map((piece) => ({ text: piece, afterMs: slow ? chance.pick(waits) : 0 }));
};

const requestText = (chance: Chance, corpus: Corpus): string => {
  if (chance.oneIn(12)) return UPGRADE;
  if (chance.oneIn(3)) return shortOr(corpus.draw(chance), chance.pick(goodRequests));
  return chance.oneIn(4) ? chance.pick(shortSeeds) : chance.pick(goodRequests);
};

const answerText = (chance: Chance, corpus: Corpus): string => {
  const text = chance.oneIn(10)
    ? SWITCHED
    : chance.oneIn(3)
      ? shortOr(corpus.draw(chance), chance.pick(goodAnswers))
      : chance.pick(chance.oneIn(6) ? shortAnswerSeeds : goodAnswers);
  return chance.oneIn(12) ? text + chance.pick(goodAnswers) : text;
};

const scriptOf = (chance: Chance, corpus: Corpus): Script => ({
  at: chance.oneIn(4) ? 'head' : 'whole',
  pieces: chance.oneIn(30) ? [] : piecesOf(answerText(chance, corpus), 4, chance),
  last: chance.oneIn(3) ? (chance.oneIn(2) ? 'reset' : 'end') : 'stay',
});

const several = <T>(chance: Chance, most: number, make: () => T): T[] =>
  Array.from({ length: 1 + chance.below(most) }, make);

/** A new case for one of `worlds` simulations. */
export function drawExchange(
  chance: Chance,
  corpora: { readonly requests: Corpus; readonly answers: Corpus },
  worlds: number,
): ExchangeCase {
  const requests = several(chance, 4, () => requestText(chance, corpora.requests));
  // Most of them differ, so that they can be told apart at the service.
  const told = requests.map((text, index) => text.replace(/^(\S+ \S*\/)/, `$1${index}`));
  const client = piecesOf(told.join(''), 6, chance);
  return {
    world: chance.below(worlds),
    client,
    clientThen: chance.oneIn(4) ? (chance.oneIn(2) ? 'end' : 'leave') : 'stay',
    stall: chance.oneIn(8)
      ? { before: chance.below(client.length + 1), forMs: chance.pick([100, 4_000, 70_000]) }
      : null,
    maxBodyBytes: chance.oneIn(8) ? 4 : null,
    scripts: several(chance, 4, () => scriptOf(chance, corpora.answers)),
  };
}
