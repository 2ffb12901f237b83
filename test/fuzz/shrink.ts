import type { CodecCase } from './codec-case.ts';
import type { ExchangeCase, Piece, Script } from './exchange-case.ts';

/** The smallest list of texts found that still fails: whole texts are left out, neighbours joined, parts cut away. */
function smaller(texts: readonly string[], fails: (texts: readonly string[]) => boolean): readonly string[] {
  let best = texts;
  const accept = (candidate: readonly string[]): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let progress = true; progress;) {
    progress = false;
    for (let index = best.length - 1; index >= 0; index--) {
      if (accept(best.toSpliced(index, 1))) progress = true;
      else if (index > 0 && accept(best.toSpliced(index - 1, 2, best[index - 1]! + best[index]!))) progress = true;
      else if (cutAway(index)) progress = true;
    }
  }
  return best;

  function cutAway(index: number): boolean {
    let cut = false;
    for (let size = best[index]!.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at + size <= best[index]!.length;) {
        const text = best[index]!;
        if (accept(best.with(index, text.slice(0, at) + text.slice(at + size)))) cut = true;
        else at += size;
      }
    }
    return cut;
  }
}

/** A case as small as can be found that fails like this one. */
export function shrinkCodec(each: CodecCase, fails: (each: CodecCase) => boolean): CodecCase {
  const caseOf = (pieces: readonly string[]): CodecCase => ({ ...each, text: pieces.join(''), pieces });
  return caseOf(smaller(each.pieces, (pieces) => fails(caseOf(pieces))));
}

/** A case as small as can be found that fails like this one: settings first, then what is sent. */
export function shrinkExchange(each: ExchangeCase, fails: (each: ExchangeCase) => boolean): ExchangeCase {
  let best = each;
  const accept = (candidate: ExchangeCase): void => {
    if (fails(candidate)) best = candidate;
  };
  const atOnce = (pieces: readonly Piece[]): Piece[] => pieces.map(({ text }) => ({ text, afterMs: 0 }));
  accept({ ...best, stall: null });
  accept({ ...best, maxBodyBytes: null });
  accept({ ...best, world: 0 });
  accept({ ...best, clientThen: 'stay' });
  accept({ ...best, client: atOnce(best.client) });
  for (let index = best.scripts.length - 1; index > 0; index--)
    accept({ ...best, scripts: best.scripts.slice(0, index) });
  for (const index of best.scripts.keys()) {
    const withScript = (changes: Partial<Script>): ExchangeCase => ({
      ...best,
      scripts: best.scripts.with(index, { ...best.scripts[index]!, ...changes }),
    });
    accept(withScript({ last: 'stay' }));
    accept(withScript({ at: 'whole' }));
    accept(withScript({ pieces: atOnce(best.scripts[index]!.pieces) }));
    const pieces = piecesFor(best.scripts[index]!.pieces, (candidate) => fails(withScript({ pieces: candidate })));
    accept(withScript({ pieces }));
  }
  accept({ ...best, client: piecesFor(best.client, (client) => fails({ ...best, client })) });
  return best;
}

function piecesFor(pieces: readonly Piece[], fails: (pieces: readonly Piece[]) => boolean): readonly Piece[] {
  // Pauses that matter are kept: only the texts between them are made smaller.
  if (pieces.some(({ afterMs }) => afterMs > 0)) return pieces;
  const piecesOf = (texts: readonly string[]): Piece[] => texts.map((text) => ({ text, afterMs: 0 }));
  return piecesOf(
    smaller(
      pieces.map(({ text }) => text),
      (texts) => fails(piecesOf(texts)),
    ),
  );
}
