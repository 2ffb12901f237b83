import { createHash } from 'node:crypto';
import type { Clock } from '@fusebox/api/clock.ts';
import { BoundedMap } from './bounded-map.ts';
import type { PublishMetrics } from './publish-metrics.ts';
import type { PodIdentity } from './publisher.ts';
import type { TokenReviewed } from '../kube/token-review.ts';
import { readClaims } from './token-claims.ts';

/** The audience that a token must be for. */
export const AUDIENCE = 'fusebox';

/** Who somebody is and until when (ms since 1970), or why that is not accepted. */
export type Identification =
  | { identity: PodIdentity; untilWallMs: number }
  | { status: 401 | 403 | 503; message: string };

export interface TokenReviewerOptions {
  /** Asks the API server whether the token is good for `AUDIENCE`. */
  review: (token: string) => Promise<TokenReviewed>;
  clock: Clock;
  metrics: PublishMetrics;
}

/** How long an answer counts (ms): a token that was revoked is good for so long, a pod that has just come is strange for so long. */
const GOOD_MS = 60_000;
const BAD_MS = 5_000;

/** Answers that are kept (count). Apart, so that a flood of bad tokens drives out no good one. */
const GOOD_TOKENS = 20_000;
const BAD_TOKENS = 1_000;

/** Questions to the API server at once (count). */
const IN_FLIGHT = 32;

/** Tells by its bearer token which pod somebody is. Asks the API server once for many, and never keeps a token itself. */
export class TokenReviewer {
  private readonly options: TokenReviewerOptions;
  private readonly good = new BoundedMap<string, { is: Identification; untilMs: number }>(GOOD_TOKENS);
  private readonly bad = new BoundedMap<string, { is: Identification; untilMs: number }>(BAD_TOKENS);
  private readonly asking = new Map<string, Promise<Identification>>();
  private readonly waiting: (() => void)[] = [];
  private inFlight = 0;

  constructor(options: TokenReviewerOptions) {
    this.options = options;
  }

  /** Never rejects. */
  async identify(token: string): Promise<Identification> {
    const { clock } = this.options;
    const claims = readClaims(token);
    if (claims === null) return { status: 401, message: 'the token is not a ServiceAccount token that ends' };
    if (!claims.audiences.includes(AUDIENCE)) {
      return { status: 401, message: `the token is not for the audience "${AUDIENCE}"` };
    }
    if (claims.expiresWallMs <= clock.wallMs()) return { status: 401, message: 'the token has expired' };
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.good.get(key) ?? this.bad.get(key);
    if (known !== undefined && known.untilMs > clock.nowMs()) return known.is;
    let asked = this.asking.get(key);
    if (asked === undefined) {
      asked = this.ask(token, key, claims.expiresWallMs).finally(() => this.asking.delete(key));
      this.asking.set(key, asked);
    }
    return asked;
  }

  private async ask(token: string, key: string, expiresWallMs: number): Promise<Identification> {
    const { review, clock, metrics } = this.options;
    await this.turn();
    const startMs = clock.nowMs();
    const took = (): number => (clock.nowMs() - startMs) / 1000;
    try {
      const answer = await review(token);
      const is = judge(answer, expiresWallMs);
      const isGood = 'identity' in is;
      metrics.reviewed(isGood ? 'allowed' : 'refused', took());
      const nowMs = clock.nowMs();
      this.good.delete(key);
      if (isGood) this.good.set(key, { is, untilMs: nowMs + Math.min(GOOD_MS, expiresWallMs - clock.wallMs()) });
      else this.bad.set(key, { is, untilMs: nowMs + BAD_MS });
      return is;
    } catch {
      // Whoever does the asking logs why.
      metrics.reviewed('failed', took());
      return { status: 503, message: 'the API server cannot be asked about the token now' };
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inFlight -= 1;
      else next();
    }
  }

  /** Waits until one more question may be asked; whoever has an answer hands the place on. */
  private turn(): Promise<void> {
    if (this.inFlight >= IN_FLIGHT) return new Promise((resolve) => this.waiting.push(resolve));
    this.inFlight += 1;
    return Promise.resolve();
  }
}

function judge(answer: TokenReviewed, untilWallMs: number): Identification {
  if (!answer.authenticated) {
    return { status: 401, message: `the API server does not accept the token: ${answer.error ?? 'not authenticated'}` };
  }
  const { podName, podUid, namespace, username } = answer;
  if (podName === null || podUid === null || namespace === null) {
    return {
      status: 403,
      message: `the token of ${username ?? 'nobody'} is bound to no pod; mount a projected ServiceAccount token, or request one with boundObjectRef`,
    };
  }
  return { identity: { namespace, name: podName, uid: podUid }, untilWallMs };
}
