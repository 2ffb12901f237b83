/** Every deadline (ms) and bound (bytes) of a client's connection. */

/** From the first byte of a head to its last. Also for the first byte of a new connection. */
export const HEAD_MS = 10_000;
/** Between bytes of a body. */
export const BODY_STALL_MS = 30_000;
/** Between an answer and the next request. */
export const KEEP_ALIVE_MS = 60_000;
/** After the end was said: until the client has understood, and until it has taken the last answer. */
export const LINGER_MS = 2_000;
export const LAST_ANSWER_MS = 60_000;
/** After the end was said as much is read and thrown away, so that the client gets to its last answer. */
export const MAX_LINGER_BYTES = 4_194_304;
/** Of a refused request's body as much is read and thrown away to keep the connection. */
export const MAX_DISCARD_BYTES = 65_536;
/** Unused input beyond this stops the reading. */
export const MAX_INPUT_BYTES = 65_536;
/** At the end of the process a new connection has so long for its request to arrive (ms). */
export const FIRST_REQUEST_MS = 1_000;
