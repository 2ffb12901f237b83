/** The test's own reading of HTTP/1.1 messages: lenient, and independent of the code under test. */

/** Where the bytes come from. */
interface Source {
  readonly received: string;
  take(marker: string): Promise<string>;
  takeLength(length: number): Promise<string>;
  rest(): Promise<{ text: string; ending: string }>;
}

export interface Head {
  /** The first line. */
  readonly start: string;
  /** Field lines as they came. */
  readonly lines: readonly string[];
}

export interface Message extends Head {
  /** The data, chunk framing left out. */
  readonly body: string;
  /** Trailer lines as they came. */
  readonly trailers: readonly string[];
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
}

/** The values of a field, joined by commas; null when it is not there. */
export function field({ lines }: Head, name: string): string | null {
  const prefix = `${name.toLowerCase()}:`;
  const values = lines.filter((line) => line.toLowerCase().startsWith(prefix));
  return values.length === 0 ? null : values.map((line) => line.slice(prefix.length).trim()).join(', ');
}

/** Status code of an answer. */
export const statusOf = ({ start }: Head): number => Number(start.split(' ')[1]);

/** The text that its body is JSON of. */
export const problemOf = ({ body }: Message): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;

export async function readHead(source: Source): Promise<Head> {
  const [start, ...lines] = (await source.take('\r\n\r\n')).slice(0, -4).split('\r\n');
  return { start: start!, lines };
}

export async function readMessage(source: Source, bodyless: boolean): Promise<Message> {
  const head = await readHead(source);
  return { ...head, ...(await readBody(source, head, bodyless)) };
}

type Body = Pick<Message, 'body' | 'trailers' | 'framing'>;

const NOTHING: Body = { body: '', trailers: [], framing: 'none' };

/** Reads the body of this head, however it is delimited. */
export async function readBody(source: Source, head: Head, bodyless = false): Promise<Body> {
  const isAnswer = head.start.startsWith('HTTP/');
  if (bodyless || (isAnswer && /^(1..|204|304)$/.test(String(statusOf(head))))) return NOTHING;
  if (field(head, 'transfer-encoding') !== null) return readChunked(source);
  const length = field(head, 'content-length');
  if (length !== null) return { body: await source.takeLength(Number(length)), trailers: [], framing: 'length' };
  return isAnswer ? { body: (await source.rest()).text, trailers: [], framing: 'close' } : NOTHING;
}

async function readChunked(source: Source): Promise<Body> {
  let body = '';
  for (;;) {
    const size = Number.parseInt(await source.take('\r\n'), 16);
    if (size === 0) break;
    body += await source.takeLength(size);
    await source.take('\r\n');
  }
  const trailers: string[] = [];
  for (let line = await source.take('\r\n'); line !== '\r\n'; line = await source.take('\r\n')) {
    trailers.push(line.slice(0, -2));
  }
  return { body, trailers, framing: 'chunked' };
}
