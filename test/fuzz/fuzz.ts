import { Chance } from './chance.ts';
import { CodecCheck, type CodecCase } from './codec-case.ts';
import { answerSeeds, Corpus, requestSeeds } from './corpus.ts';
import { exampleOf } from './example.ts';
import { drawExchange, type ExchangeCase } from './exchange-case.ts';
import { judge } from './exchange-judge.ts';
import { Stage, WORLDS } from './exchange-play.ts';
import { shrinkCodec, shrinkExchange } from './shrink.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Different streams of one seed try different cases. */
  readonly stream: number;
  /** Cases of the codec (count); for each hundred of them one of whole exchanges. */
  readonly cases: number;
  /** When to stop in any case (ms, as `performance.now`). */
  readonly untilMs: number;
  readonly progress?: (tally: FuzzTally) => void;
}

export interface FuzzTally {
  codec: number;
  exchanges: number;
  /** Different behaviours of the codec seen (count). */
  behaviours: number;
  /** Tests, ready to be copied, for what does not hold; empty: all does. */
  readonly findings: string[];
}

const CODEC_PER_EXCHANGE = 100;
/** Between two looks at the clock (cases). */
const BATCH = 2_000;
/** After so many findings there is enough to do. */
const MAX_FINDINGS = 5;

const messageOf = (run: () => unknown): string | null => {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
/** What findings of one kind have in common: the message without what it quotes. */
const kindOf = (message: string): string => message.slice(0, 24);

/** Tries cases until there are enough of them, or the time is over. The same options, time aside, try the same cases. */
export function fuzz({ seed, stream, cases, untilMs, progress }: FuzzOptions): FuzzTally {
  const chance = new Chance(seed, stream);
  const corpora = { requests: new Corpus(requestSeeds), answers: new Corpus(answerSeeds) };
  const codec = new CodecCheck();
  const stage = new Stage();
  const tally: FuzzTally = { codec: 0, exchanges: 0, behaviours: 0, findings: [] };
  while (tally.codec < cases && performance.now() < untilMs && tally.findings.length < MAX_FINDINGS) {
    for (let turn = 0; turn < BATCH; turn++) {
      tryCodec(codec, corpora, { chance, tally });
      if (turn % CODEC_PER_EXCHANGE === 0) tryExchange(stage, drawExchange(chance, corpora, WORLDS), tally);
    }
    tally.behaviours = corpora.requests.seen + corpora.answers.seen;
    progress?.(tally);
  }
  return tally;
}

interface Trial {
  readonly chance: Chance;
  readonly tally: FuzzTally;
}

function tryCodec(codec: CodecCheck, corpora: Record<'requests' | 'answers', Corpus>, { chance, tally }: Trial): void {
  const kind = chance.oneIn(3) ? 'answers' : 'requests';
  const text = corpora[kind].draw(chance);
  const each: CodecCase = { kind, text, pieces: chance.pieces(text, 6) };
  tally.codec++;
  const message = messageOf(() => corpora[kind].offer(text, codec.check(each)));
  if (message === null) return;
  const isLike = (candidate: CodecCase): boolean =>
    kindOf(messageOf(() => new CodecCheck().check(candidate)) ?? '') === kindOf(message);
  report(tally, exampleOf('codec', message, shrinkCodec(each, isLike)));
}

function tryExchange(stage: Stage, each: ExchangeCase, tally: FuzzTally): void {
  tally.exchanges++;
  const message = messageOf(() => judge(each, stage.play(each)));
  if (message === null) return;
  const isLike = (candidate: ExchangeCase): boolean =>
    kindOf(messageOf(() => checkExchange(candidate)) ?? '') === kindOf(message);
  report(tally, exampleOf('exchange', message, shrinkExchange(each, isLike)));
}

function report(tally: FuzzTally, finding: string): void {
  if (!tally.findings.includes(finding) && tally.findings.length < MAX_FINDINGS) tally.findings.push(finding);
}

/** @throws Disagreement */
export const checkCodec = (each: CodecCase): number => new CodecCheck().check(each);

/** @throws Disagreement */
export const checkExchange = (each: ExchangeCase): void => judge(each, new Stage().play(each));
