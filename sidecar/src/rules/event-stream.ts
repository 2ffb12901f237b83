/** An event of a `text/event-stream`, as the HTML standard (§9.2, server-sent events) dispatches it. */
export interface StreamEvent {
  /** The newest `id` so far; empty: there was none. */
  lastEventId: string;
  /** `message` where the stream names none. */
  type: string;
  data: string;
}

/** The longest event (UTF-16 code units): no snapshot comes near it. */
const MAX_EVENT_LENGTH = 32 * 1024 * 1024;

/**
 * Reads a `text/event-stream` (HTML standard §9.2.6) that comes in pieces of any size, cut anywhere: within a character, or
 * between the CR and the LF that end one line. `retry` fields are ignored: the reader has a back-off of its own.
 */
export class EventStreamParser {
  // Takes away the byte order mark that may stand at the beginning.
  private readonly decoder = new TextDecoder();
  /** Pieces of a line whose end has not come. */
  private line: string[] = [];
  private lineLength = 0;
  /** The last piece ended with a CR; an LF that follows belongs to it. */
  private afterCr = false;
  private lastEventId = '';
  private type = '';
  private data: string[] = [];
  private dataLength = 0;

  /** The events that this piece completes. @throws RangeError when an event is longer than any that there can be. */
  read(bytes: Uint8Array): StreamEvent[] {
    const text = this.decoder.decode(bytes, { stream: true });
    const events: StreamEvent[] = [];
    let at = 0;
    if (this.afterCr && text !== '') {
      this.afterCr = false;
      if (text[0] === '\n') at = 1;
    }
    while (at < text.length) {
      const end = lineEnd(text, at);
      if (end < 0) break;
      this.keep(text.slice(at, end));
      this.takeLine(events);
      at = end + 1;
      if (text[end] === '\r') {
        if (at === text.length) this.afterCr = true;
        else if (text[at] === '\n') at += 1;
      }
    }
    this.keep(text.slice(at));
    return events;
  }

  private keep(piece: string): void {
    if (piece === '') return;
    this.line.push(piece);
    this.lineLength += piece.length;
    if (this.lineLength + this.dataLength > MAX_EVENT_LENGTH) throw new RangeError('an event is too long');
  }

  private takeLine(events: StreamEvent[]): void {
    const line = this.line.join('');
    this.line = [];
    this.lineLength = 0;
    if (line === '') return this.dispatch(events);
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      this.data.push(value);
      this.dataLength += value.length;
    } else if (field === 'event') this.type = value;
    else if (field === 'id' && !value.includes('\0')) this.lastEventId = value;
  }

  private dispatch(events: StreamEvent[]): void {
    if (this.data.length > 0) {
      const { lastEventId, type, data } = this;
      events.push({ lastEventId, type: type === '' ? 'message' : type, data: data.join('\n') });
    }
    this.type = '';
    this.data = [];
    this.dataLength = 0;
  }
}

/** Where the line ends that begins at `from`; -1: not in this text. */
function lineEnd(text: string, from: number): number {
  const lf = text.indexOf('\n', from);
  // A snapshot is one long line: a CR is only looked for where an LF would be too far.
  const cr = text.slice(from, lf < 0 ? undefined : lf).indexOf('\r');
  return cr < 0 ? lf : from + cr;
}
