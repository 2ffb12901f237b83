/** What a back end says that it read, in one spelling for all of them. */

/** A request as somebody read it: method, and target, host and body in hexadecimal. */
export const spelledReading = (method: string, ...parts: readonly string[]): string =>
  [method, ...parts.map((part) => Buffer.from(part, 'latin1').toString('hex'))].join('|');

/** What a back end made of a connection: a reading, or the status of a refusal, for each answer that it gave. */
export interface Readings {
  readonly answers: readonly (string | number)[];
  /** It ended the connection; else it still waited for something. */
  readonly ended: boolean;
}

/** Reads the answers, each with a length. `isHead`: the first of them answers a HEAD. */
export function readAnswers(text: string, isHead: boolean): (string | number)[] {
  const found: (string | number)[] = [];
  let rest = text;
  for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
    const head = rest.slice(0, end);
    const status = Number(head.slice(9, 12));
    rest = rest.slice(end + 4);
    if (status < 200) continue;
    const bodyless = isHead && found.length === 0;
    const length = bodyless ? 0 : Number(/\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1] ?? 0);
    const reading = /\r\nx-read:[ \t]*([^\r]*)/i.exec(head)?.[1];
    found.push(reading ?? status);
    // A refusal ends the connection, whatever stands behind its head.
    if (reading === undefined) return found;
    rest = rest.slice(length);
  }
  return found;
}
