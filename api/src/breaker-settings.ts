import { WINDOW_LIMITS } from './window-limits.ts';
import { BlockMode, type Breach, Block, Choice, Count, Duration, List, matching, Percent, Text } from './schema.ts';
import { parseDuration } from './duration.ts';
import type { Static } from 'typebox';

const failure = matching(
  /^(?:[1-5]xx|[1-5]\d\d|connect|reset|timeout)$/,
  'is not a failure: write a class ("5xx"), a status code ("429"), connect, reset or timeout',
);

const SlidingWindow = Block(
  {
    type: Choice(['Time', 'Count'], {
      description: 'What the window is measured in: seconds or calls.',
      builtIn: 'Time',
    }),
    size: Count({
      description: 'Seconds (1 to 3600; 10 when nothing is said) or calls (1 to 10000; 100 when nothing is said).',
      builtIn: 10,
      minimum: 1,
      maximum: WINDOW_LIMITS.Count,
    }),
  },
  {
    description: 'The newest calls, of which the rates are taken.',
    rule: {
      across: ['type', 'size'],
      check: windowInRange,
      cel: [
        {
          rule: `!has(self.type) || !has(self.size) || self.type == 'Count' || self.size <= ${WINDOW_LIMITS.Time}`,
          message: `is above the maximum ${WINDOW_LIMITS.Time} of a Time window`,
          at: '.size',
        },
      ],
    },
  },
);

/** How a circuit breaker is written, in a route or in `defaults`. */
export const BreakerSpec = Block(
  {
    mode: BlockMode(),
    forced: Choice(['Open', 'Closed'], { description: 'Holds the circuit by hand, for as long as it stands here.' }),
    failureThreshold: Count({
      description: 'Failures in a row that open the circuit; 0 turns this rule off.',
      builtIn: 5,
      minimum: 0,
      maximum: 1_000_000,
    }),
    failureRateThreshold: Percent({
      description:
        'Share of failures in the window (%) that opens the circuit, at exactly this share; 0 turns this rule off.',
      builtIn: 50,
    }),
    slowCallRateThreshold: Percent({
      description: 'Share of slow calls in the window (%) that opens the circuit; 0 turns this rule off.',
      builtIn: 100,
    }),
    slowCallDurationThreshold: Duration({
      description: 'A call that takes longer is slow. Nothing said: no call is.',
    }),
    slidingWindow: SlidingWindow,
    minimumNumberOfCalls: Count({
      description: "Below this many calls in the window the rates do not count. Capped to a Count window's size.",
      builtIn: 20,
      minimum: 1,
      maximum: 1_000_000,
    }),
    resetTimeout: Duration({ description: 'How long the circuit stays open before the first trials.', builtIn: '5s' }),
    maxResetTimeout: Duration({
      description: 'The wait doubles each time the trials fail, up to this.',
      builtIn: '60s',
    }),
    resetJitter: Percent({ description: 'Up to this much (%) is added to each wait, by chance.', builtIn: 20 }),
    halfOpenAllowedRequests: Count({
      description: 'Trials in flight at once; that many successes close the circuit, any failure opens it again.',
      builtIn: 3,
      minimum: 1,
      maximum: 1_000,
    }),
    maxHalfOpenDuration: Duration({
      description: 'A trial that takes longer frees its place and counts as a failure.',
      builtIn: '30s',
    }),
    failOn: List(
      Text(failure, {
        description: 'A class ("5xx"), a status code ("429"), connect, reset or timeout.',
        maxLength: 16,
      }),
      {
        description: 'What counts as a failure; replaces the built-in list ["5xx", "connect", "reset", "timeout"].',
        maxItems: 64,
      },
    ),
    abandonedAfter: Duration({
      description: 'A client that leaves after waiting this long counts as a timeout; sooner, it does not count.',
      builtIn: 'slowCallDurationThreshold, else 3s',
    }),
  },
  {
    description: 'Stops calling a service that keeps failing.',
    rule: {
      across: ['resetTimeout', 'maxResetTimeout'],
      check: waitsInOrder,
      cel: [
        {
          rule: '!has(self.resetTimeout) || !has(self.maxResetTimeout) || duration(self.resetTimeout) <= duration(self.maxResetTimeout)',
          message: 'is below resetTimeout',
          at: '.maxResetTimeout',
        },
      ],
    },
  },
);
export type BreakerSpec = Static<typeof BreakerSpec>;

function windowInRange(window: { type?: 'Time' | 'Count'; size?: number }): Breach[] {
  const { type, size } = window;
  if (type === undefined || size === undefined || size <= WINDOW_LIMITS[type]) return [];
  return [{ path: ['size'], message: `${size} is above the maximum ${WINDOW_LIMITS[type]} of a ${type} window` }];
}

/** Only what one block says twice can contradict itself; across documents the compiler raises the maximum. */
function waitsInOrder(breaker: { resetTimeout?: string; maxResetTimeout?: string }): Breach[] {
  const { resetTimeout, maxResetTimeout } = breaker;
  if (resetTimeout === undefined || maxResetTimeout === undefined) return [];
  if ((parseDuration(resetTimeout) ?? 0) <= (parseDuration(maxResetTimeout) ?? 0)) return [];
  return [{ path: ['maxResetTimeout'], message: `"${maxResetTimeout}" is below resetTimeout "${resetTimeout}"` }];
}
