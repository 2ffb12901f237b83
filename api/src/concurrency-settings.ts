import { Block, BlockMode, Count, Duration, NOT_YET } from './schema.ts';
import type { Static } from 'typebox';

const Queue = Block(
  {
    size: Count({
      description: 'Requests that may wait for a free place; 0: nobody waits.',
      builtIn: 0,
      minimum: 0,
      maximum: 1_000_000,
    }),
    timeout: Duration({ description: 'The longest wait.', builtIn: '1s', maximumMs: 3_600_000 }),
  },
  { description: 'Who waits when all places are taken, first in, first out.' },
);

/** How a limit on requests in flight is written, in a route or in `defaults`. */
export const ConcurrencySpec = Block(
  {
    mode: BlockMode(),
    maxConcurrent: Count({
      description: 'Requests in flight at once.',
      builtIn: 1024,
      minimum: 1,
      maximum: 1_000_000,
    }),
    queue: Queue,
  },
  {
    description: 'Limits requests in flight. Not written, there is no limit.',
    refused: { algorithm: NOT_YET, minLimit: NOT_YET, maxLimit: NOT_YET, priority: NOT_YET },
  },
);
export type ConcurrencySpec = Static<typeof ConcurrencySpec>;
