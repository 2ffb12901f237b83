/** Where a client's connection is in its stream of requests. */

/** A head is awaited, or coming. */
export const HEAD = 0;
/** A request's body is still coming. */
export const BODY = 1;
/** The request has come whole; its answer is awaited. */
export const ANSWER = 2;
/** The rest of a body that nobody wants. */
export const DISCARD = 3;
/** All was said; it is the client's turn to close. */
export const LINGER = 4;
export const CLOSED = 5;
