import Type, { type Static } from 'typebox';
import { Block, BlockMode, type Breach, Count, Text } from './schema.ts';
import { headerName } from './header-forms.ts';

const EXCLUSIVE = 'header and clientAddress exclude each other';
const EMPTY = 'is empty: write header or clientAddress';
const FALSE = 'false says nothing: write true, or leave per out';

const Per = Type.Object(
  {
    header: Type.Optional(
      Text(headerName, { description: 'Every value of this header has a bucket of its own.', maxLength: 256 }),
    ),
    clientAddress: Type.Optional(Type.Boolean({ description: 'Every client address has a bucket of its own.' })),
  },
  {
    additionalProperties: false,
    description: 'What has a bucket of its own. Not written: the route.',
    rule: {
      across: ['header', 'clientAddress'],
      check: exactlyOne,
      cel: [
        { rule: '!has(self.header) || !has(self.clientAddress)', message: EXCLUSIVE },
        { rule: 'has(self.header) || has(self.clientAddress)', message: EMPTY },
        { rule: '!has(self.clientAddress) || self.clientAddress', message: FALSE, at: '.clientAddress' },
      ],
    },
  },
);

/** How a rate limit is written, in a route or in `defaults`. */
export const RateLimitSpec = Block(
  {
    mode: BlockMode(),
    requestsPerSecond: Type.Number({
      description: 'Tokens that flow into the bucket each second; fractions allowed.',
      exclusiveMinimum: 0,
      maximum: 1_000_000,
    }),
    burst: Count({
      description: 'Size of the bucket: requests that may come at once.',
      builtIn: 'requestsPerSecond, rounded up',
      minimum: 1,
      maximum: 10_000_000,
    }),
    per: Per,
  },
  { description: 'Limits requests per second by a token bucket. Not written, there is no limit.' },
);
export type RateLimitSpec = Static<typeof RateLimitSpec>;

function exactlyOne(per: { header?: string; clientAddress?: boolean }): Breach[] {
  if (per.clientAddress === false) {
    return [{ path: ['clientAddress'], message: FALSE }];
  }
  const given = Object.keys(per).length;
  if (given === 1) return [];
  return [{ path: [], message: given === 0 ? EMPTY : EXCLUSIVE }];
}
