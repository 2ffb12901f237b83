/** Bodies up to this (bytes) go in one write with their head. */
const ONE_WRITE_BYTES = 16_384;

/**
 * Head and body as one string (latin1), since for a short body one write costs less than handing over two pieces; null when
 * the body is to go on its own.
 */
export function oneWrite(head: string, body: Buffer): string | null {
  return body.length <= ONE_WRITE_BYTES ? head + body.toString('latin1') : null;
}
