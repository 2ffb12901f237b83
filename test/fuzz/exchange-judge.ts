/** What has to hold of every exchange, whatever client and service do, by the reference parser alone. */
import { Disagreement, must } from './disagreement.ts';
import type { ExchangeCase } from './exchange-case.ts';
import type { Played, Served } from './exchange-play.ts';
import {
  firstAnswer,
  readRequests,
  asksForUpgrade,
  valueOf,
  type FirstAnswer,
  type StreamAnswer,
  type StreamRequest,
} from './reference-stream.ts';

/** Who named no host is given this one. */
const AUTHORITY = 'service:8080';
const idempotent = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];

/** A request of the client and what became of it at the service. */
interface Exchanged {
  readonly request: StreamRequest;
  /** Tries, the last one last; empty: it did not get there. */
  readonly served: Served[];
}

/** @throws Disagreement */
export function judge(each: ExchangeCase, played: Played): void {
  must(played.leaks === '', `something is left: ${played.leaks}`);
  const stream = readRequests(played.sent);
  const exchanged = stream.requests.map((request): Exchanged => ({ request, served: [] }));
  judgeForwarded(played, exchanged);
  judgeExcess(played.served);
  // Of two requests that are alike, where one may have been refused, nobody can tell which has reached the service.
  const areTold = each.world === 0 || exchanged.every(({ request }, index) => isLast(request, stream.requests, index));
  if (areTold) judgeAnswers(each, played, { exchanged, refused: stream.refused });
}

/** What reached the service are requests of the client, each once, whole or cut, in their order. */
function judgeForwarded({ connections, served, sent }: Played, exchanged: readonly Exchanged[]): void {
  const forwarded = connections.map((text, connection) => {
    const mine = served.filter((each) => each.connection === connection);
    return { text, ...readRequests(text, (request, index) => isTunnel(request, mine[index])) };
  });
  let last = -1;
  const seen = connections.map(() => 0);
  for (const each of served) {
    const { text, requests } = forwarded[each.connection]!;
    const number = seen[each.connection]!++;
    const got = requests[number]!;
    const isNext = (index: number): boolean => isSame(exchanged[index]?.request, got);
    // A second try (RFC 9110 §9.2.2).
    const isRetry = last >= 0 && isNext(last) && number === 0 && mayRetry(exchanged[last]!, served);
    if (!isRetry) {
      do last++;
      while (last < exchanged.length && !isNext(last));
    }
    must(
      last < exchanged.length,
      `the service got "${text.slice(0, 60)}", which is no request of the client, or one again`,
    );
    exchanged[last]!.served.push(each);
    if (got.end === null) {
      const body = text.slice(got.bodyFrom);
      must(
        sent.startsWith(body, exchanged[last]!.request.bodyFrom),
        'the part of a body at the service is not the client’s',
      );
    } else must(got.data === exchanged[last]!.request.data, 'the body at the service is not the client’s');
  }
  for (const [index, { requests, refused, rest, text }] of forwarded.entries()) {
    must(
      seen[index] === requests.length && refused === null,
      `the service got what is no request: ${JSON.stringify(text)}`,
    );
    if (rest === '') continue;
    const mine = served.filter((each) => each.connection === index).at(-1);
    must(isTunnel(requests.at(-1)!, mine), `bytes behind a request: ${JSON.stringify(rest)}`);
    const { request } = exchanged.find(({ served: tries }) => tries.includes(mine!))!;
    must(sent.startsWith(rest, request.end!), 'what went through the tunnel is not what the client sent');
  }
}

/** The service has switched to another protocol, as it was asked. */
function isTunnel(request: StreamRequest, served: Served | undefined): boolean {
  if (served === undefined || !asksForUpgrade(request)) return false;
  const answer = answerOf(served);
  return answer !== null && answer !== 'incomplete' && answer.head.status === 101;
}

const isLast = (request: StreamRequest, all: readonly StreamRequest[], index: number): boolean =>
  !all.slice(index + 1).some((other) => isSame(request, { ...other, host: other.host ?? AUTHORITY }));

function isSame(request: StreamRequest | undefined, got: StreamRequest): boolean {
  if (request === undefined) return false;
  const { method, target, host, head } = request;
  const isIt = method === got.method && target === got.target && (host ?? AUTHORITY) === got.host;
  return isIt && head.framing === got.head.framing;
}

/** A second try is for requests that may be repeated, after a connection that had carried another was lost before an answer. */
function mayRetry({ request, served: tries }: Exchanged, served: readonly Served[]): boolean {
  const [first] = tries;
  if (tries.length !== 1 || first!.answer !== '' || !idempotent.includes(request.method)) return false;
  const onSame = served.filter(({ connection }) => connection === first!.connection);
  return onSame[0] !== first && onSame.some(({ ended }) => ended !== 'no');
}

interface ClientStream {
  readonly exchanged: readonly Exchanged[];
  readonly refused: number | null;
}

/** What reached the client are answers to its requests, in their order, each the service's own or a refusal. */
function judgeAnswers(each: ExchangeCase, played: Played, { exchanged, refused }: ClientStream): void {
  let { received } = played;
  const ended = played.ending === 'end';
  for (let index = 0; ; index++) {
    if (received === '') {
      judgeSilence(each, played, { exchanged: exchanged.slice(index), refused });
      return;
    }
    const of = exchanged[index];
    const answer = nextAnswer(received, of?.request, ended);
    must(answer !== null, `the client got what is no answer: ${JSON.stringify(received)}`);
    if (answer === 'incomplete') {
      must(!ended || each.clientThen === 'end', 'a cut head of an answer ends as if it were whole');
      return;
    }
    // Bytes behind an answer that come when the next request is on its way cannot be told from the answer to that.
    if (of?.served.some((tries) => isAfterExcess(tries, played.served)) === true) return;
    const reason = valueOf(answer.head.fields, 'fusebox-reason');
    if (reason !== null) judgeRefusal(reason, of, answer, refused);
    else {
      if (of === undefined) throw new Disagreement('an answer to no request');
      const isHere =
        valueOf(of.request.head.fields, 'max-forwards') === '0' ||
        /^0+$/.test(valueOf(of.request.head.fields, 'max-forwards') ?? '');
      if (of.served.length > 0) judgeAnswer(of, answer, of.request.head.minor);
      else must(isHere, 'an answer, though the service got no request');
    }
    if (answer.head.status === 101) {
      judgeTunnelled(of!, answer, ended);
      return;
    }
    if (answer.end === null) {
      must(!ended, 'a cut answer ends as if it were whole');
      return;
    }
    received = received.slice(answer.end);
  }
}

/** The client's reading. What is not a request is refused, by one more answer; and so is one that did not come in time, method or not. */
function nextAnswer(received: string, request: StreamRequest | undefined, ended: boolean): FirstAnswer {
  if (request === undefined) return firstAnswer(received, { method: '', upgrades: false, ended });
  const isLate = /^[^\n]*\nfusebox-reason: request-timeout\r\n/.test(received);
  return firstAnswer(received, { method: isLate ? '' : request.method, upgrades: asksForUpgrade(request), ended });
}

/** Where the first answer ends in what the service sent for a request; null: it is not whole, or there is nothing behind it. */
function excessFrom(each: Served): number | null {
  const answer = answerOf(each);
  if (answer === null || answer === 'incomplete' || answer.end === null) return null;
  return each.answer.length > answer.end ? answer.end : null;
}

/** On the same connection the service has sent more than one answer for a request before. */
function isAfterExcess(served: Served, all: readonly Served[]): boolean {
  const before = all.filter(({ connection }) => connection === served.connection);
  return before.slice(0, before.indexOf(served)).some((each) => excessFrom(each) !== null);
}

/** Bytes that come together with the end of an answer, and are not of it, show that the connection is good for nothing more. */
function judgeExcess(served: readonly Served[]): void {
  for (const [index, each] of served.entries()) {
    const end = excessFrom(each);
    if (end === null) continue;
    let at = 0;
    const isTogether = each.script.pieces.some(({ text }) => {
      const from = at;
      at += text.length;
      return from < end && end < at;
    });
    const isUsedAgain = served.slice(index + 1).some(({ connection }) => connection === each.connection);
    must(!isTogether || !isUsedAgain, 'a connection with bytes behind an answer is used again');
  }
}

/** A refusal tells the truth. */
function judgeRefusal(reason: string, of: Exchanged | undefined, answer: StreamAnswer, refused: number | null): void {
  const { status } = answer.head;
  if (of === undefined) {
    must(
      refused === status || reason === 'request-timeout' || refused === null,
      `refused with ${status}, by the grammar ${refused}`,
    );
    return;
  }
  const isBodyFault = of.request.end === null && of.request.head.framing === 'chunked';
  if (reason === 'bad-request') must(isBodyFault, 'a good request is called bad');
  if (reason !== 'upstream-protocol') return;
  const sent = serviceAnswer(of);
  must(sent === null || sent === 'incomplete' || sent.end === null, 'a good answer is called bad');
}

const answerOf = ({ request, answer, ended }: Served): FirstAnswer =>
  firstAnswer(answer, { method: request.method, upgrades: asksForUpgrade(request), ended: ended === 'end' });

const serviceAnswer = ({ served }: Exchanged): FirstAnswer => answerOf(served.at(-1)!);

/** An answer is the service's, and looks whole only if that was. */
function judgeAnswer(of: Exchanged, got: StreamAnswer, clientMinor: number): void {
  const sent = serviceAnswer(of);
  if (sent === null || sent === 'incomplete') throw new Disagreement('an answer that the service did not give');
  must(got.head.status === sent.head.status, `status ${got.head.status}, from the service ${sent.head.status}`);
  if (got.head.status === 101) return;
  const interim = clientMinor === 0 ? 0 : sent.interim.length;
  must(got.interim.length === interim, `${got.interim.length} interim answers, from the service ${interim}`);
  if (got.end === null)
    must(
      sent.head.framing === 'chunked' || sent.data.startsWith(dataOf(got)),
      'a part of an answer that is not the service’s',
    );
  else {
    must(sent.end !== null, 'a cut answer looks whole');
    must(got.data === sent.data, 'the body of an answer is not the service’s');
  }
}

/** Through a tunnel comes what the service sent, and an end in order only behind all of it. */
function judgeTunnelled(of: Exchanged, got: StreamAnswer, ended: boolean): void {
  const sent = serviceAnswer(of) as StreamAnswer;
  must(sent.data.startsWith(got.data), 'what came through the tunnel is not what the service sent');
  must(!ended || got.data === sent.data, 'a cut tunnel ends as if it were whole');
}

const dataOf = ({ data }: StreamAnswer): string => data;

/** Nothing more has come: either the connection ended, or all has been answered. */
function judgeSilence(each: ExchangeCase, { ending }: Played, { exchanged, refused }: ClientStream): void {
  if (each.clientThen !== 'stay' || ending !== 'open') return;
  must(exchanged.length === 0 && refused === null, 'a request is not answered, and the connection stays open');
}
