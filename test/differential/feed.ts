import { connect } from 'node:net';
import { Chance } from '../fuzz/chance.ts';
import { Corpus, requestSeeds } from '../fuzz/corpus.ts';
import { firstAnswer, readRequests } from '../fuzz/reference-stream.ts';
import { oddRequest } from './odd-request.ts';

interface FeedOptions {
  /** These, or so many generated ones. */
  readonly texts?: readonly string[];
  readonly seed?: number;
  readonly count?: number;
  /** For all of it (ms). */
  readonly patienceMs: number;
}

/** Connections at once. */
const CLIENTS = 16;
/** What is only a part of a request gets so long to reach the back ends (ms). */
const HOPELESS_MS = 20;
/** Nothing takes so long (ms). */
const STUCK_MS = 10_000;
const MAX_LINES = 90;
/** Bytes behind which nothing can be whole: nobody who waits for more of a request waits in vain. */
const NONSENSE = '\r\n\r\n\r\n\r\n';

/** Sends streams of bytes to a sidecar, each on a connection of its own. */
export async function feed(
  port: number,
  { texts, seed = 0, count = 0, patienceMs }: FeedOptions,
): Promise<{ answered: number }> {
  const chance = new Chance(seed);
  const corpus = new Corpus(requestSeeds);
  const total = texts?.length ?? count;
  const endMs = performance.now() + patienceMs;
  const state = { next: 0, answered: 0 };
  const client = async (): Promise<void> => {
    while (state.next < total && performance.now() < endMs) {
      const text = texts?.[state.next] ?? drawStream(chance, corpus);
      state.next++;
      // With what the sidecar adds there would be too many fields for the reference.
      if (text.split('\r\n').length > MAX_LINES) continue;
      state.answered += await sendOne(port, chance.pieces(text + NONSENSE, 3));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { answered: state.answered };
}

/** One request or several, whole and damaged ones. */
const drawStream = (chance: Chance, corpus: Corpus): string =>
  Array.from({ length: chance.oneIn(3) ? 2 : 1 }, () =>
    chance.oneIn(5) ? corpus.draw(chance) : oddRequest(chance),
  ).join('');

/** Gives the number of final answers that came before the sidecar ended the connection, or before no more could come. */
async function sendOne(port: number, pieces: readonly string[]): Promise<number> {
  const { requests, refused } = readRequests(pieces.join(''));
  const expected = requests.filter(({ end }) => end !== null).length;
  let received = '';
  let answers = 0;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    for (;;) {
      const method = requests[answers]?.method ?? '';
      const answer = firstAnswer(received, { method, upgrades: false, ended: false });
      if (answer === null || answer === 'incomplete' || answer.end === null) break;
      received = received.slice(answer.end);
      answers++;
    }
    // A refusal may follow, with which the sidecar closes; or a body of which no more will come.
    if (refused === null && answers >= expected) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  for (const piece of pieces) socket.write(piece, 'latin1');
  const isHopeless = refused === null && expected === 0;
  socket.setTimeout(isHopeless ? HOPELESS_MS : STUCK_MS, () => socket.destroy());
  await new Promise((resolve) => socket.once('close', resolve));
  return answers;
}
