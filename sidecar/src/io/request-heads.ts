import { RequestHead } from '../wire/request-head.ts';

/** Heads kept for use again (count); some 2 KiB each. */
const MAX_KEPT = 256;

/** Heads that nobody uses. A connection has one only while a request is under way: idle connections are many and should cost little. */
export class RequestHeads {
  private readonly kept: RequestHead[] = [];

  take(): RequestHead {
    return this.kept.pop() ?? new RequestHead();
  }

  /** Nobody looks at it any more. */
  give(head: RequestHead): void {
    if (this.kept.length >= MAX_KEPT) return;
    head.reset();
    head.bytes = NO_BYTES;
    this.kept.push(head);
  }
}

const NO_BYTES = Buffer.alloc(0);
