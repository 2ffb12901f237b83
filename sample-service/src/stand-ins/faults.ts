import Type, { type Static } from 'typebox';

/** How a stand-in misbehaves. What a `PUT /faults` leaves out has its default, so `{}` ends it. */
export const Faults = Type.Object(
  {
    mode: Type.Union(
      [
        Type.Literal('none'),
        Type.Literal('slow'), //      answers after `delay_ms`
        Type.Literal('failing'), //   500, and nothing was done
        Type.Literal('dripping'), //  sends a piece of the answer each `delay_ms`
        Type.Literal('resetting'), // does what was asked, then cuts the connection
        Type.Literal('hanging'), //   does what was asked, and never answers
      ],
      { default: 'none' },
    ),
    share: Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Of the calls (0..1), evenly spread.' }),
    delay_ms: Type.Integer({ minimum: 0, maximum: 600_000, default: 1_000 }),
  },
  { additionalProperties: false },
);
export type Faults = Static<typeof Faults>;

/** Is call number `count` (from 1 on) one of the share (0..1) that is faulty? Of any run of calls, just that share is. */
export const isFaulty = (count: number, share: number): boolean =>
  Math.floor(count * share) > Math.floor((count - 1) * share);
