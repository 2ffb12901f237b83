import type { ServerResponse } from 'node:http';
import type { News, StreamNews } from '../local-news.ts';

const MAX_STREAMS = 256;
/** A reader that has left more than this unread (bytes) when something comes is cut. So one event may be of any length. */
const MAX_UNREAD_BYTES = 1_048_576;

/** One stream of events that somebody reads. */
interface Reader {
  response: ServerResponse;
  news: News;
  lastId: string | null;
}

/** Streams of events to readers that each want their own. Who reads too slowly is cut, and finds the newest when it comes again. */
export class EventStreams {
  private readonly readers = new Set<Reader>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(heartbeatMs: number) {
    this.heartbeat = setInterval(() => this.sendAll(() => ': still here\n\n'), heartbeatMs).unref();
  }

  /** Begins a stream with the news since `lastId`. False: there are too many. */
  open(response: ServerResponse, lastId: string | null, news: News): boolean {
    if (this.readers.size >= MAX_STREAMS) return false;
    const reader = { response, news, lastId };
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.write('retry: 1000\n\n');
    this.readers.add(reader);
    response.on('close', () => this.readers.delete(reader));
    this.tell(reader);
    return true;
  }

  /** Something may have changed: each reader is told its news. */
  changed(): void {
    for (const reader of this.readers) this.tell(reader);
  }

  close(): void {
    clearInterval(this.heartbeat);
    for (const { response } of this.readers) response.destroy();
  }

  private tell(reader: Reader): void {
    const news = reader.news(reader.lastId);
    if (news === null) return;
    reader.lastId = news.id;
    send(reader, bytesOf(news));
  }

  private sendAll(text: () => string): void {
    for (const reader of this.readers) send(reader, text());
  }
}

function send({ response }: Reader, text: string | Buffer): void {
  if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  else response.write(text);
}

const written = new WeakMap<StreamNews, Buffer>();

/** Made once and shared, however many readers are told, and however long some of them leave it unread. */
function bytesOf(news: StreamNews): Buffer {
  let bytes = written.get(news);
  if (bytes === undefined) {
    bytes = Buffer.from(`id: ${news.id}\nevent: ${news.event}\ndata: ${JSON.stringify(news.data)}\n\n`);
    written.set(news, bytes);
  }
  return bytes;
}
