import { refusals } from '../refusals.ts';
import { BodyScanner } from '../wire/body-scanner.ts';
import type { WireFault } from '../wire/faults.ts';
import { FRAMING } from '../wire/message-head.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { MAX_DISCARD_BYTES } from './client-limits.ts';
import type { InputBuffer } from './input-buffer.ts';

/** The body of the request that is coming: taken out of the input piece by piece, or thrown away. */
export class RequestBody {
  private readonly scanner = new BodyScanner();
  private expectsContinue = false;
  private maxBytes = Infinity;
  private announced = 0;
  private taken = 0;
  private discarded = 0;

  /** `maxBytes`: as it is transferred; null: no limit. */
  begin(head: RequestHead, maxBytes: number | null): void {
    this.maxBytes = maxBytes ?? Infinity;
    this.scanner.begin(head.framing, head.contentLength);
    this.expectsContinue = head.expectsContinue;
    this.taken = this.discarded = 0;
    this.announced = head.contentLength;
  }

  /** Everything from here on belongs to a tunnel. */
  beginTunnel(): void {
    this.scanner.begin(FRAMING.close, 0);
    this.expectsContinue = false;
    this.maxBytes = Infinity;
  }

  get done(): boolean {
    return this.scanner.done;
  }

  get fault(): WireFault | null {
    if (this.taken <= this.maxBytes && this.announced <= this.maxBytes) return this.scanner.fault;
    return { refusal: refusals.bodyTooLarge, detail: `the limit is ${this.maxBytes} bytes` };
  }

  /** The client waits for a 100 before it sends anything. */
  get awaitsContinue(): boolean {
    return this.expectsContinue && this.taken === 0;
  }

  /** Is what is still to come, as far as anybody can tell, little enough to be thrown away? */
  get isDiscardable(): boolean {
    if (this.fault !== null) return false;
    if (this.done) return true;
    // A client that waits for a 100 may send the body after a refusal, or not: nobody can tell.
    if (this.awaitsContinue) return false;
    const { outstanding } = this.scanner;
    return outstanding === Infinity || outstanding <= MAX_DISCARD_BYTES;
  }

  /** What has come of it; null when that is nothing. Afterwards `done` or `fault` may have changed. */
  take(input: InputBuffer): Buffer | null {
    const { bytes, start } = input;
    const end = this.scanner.scan(bytes, start, input.end);
    input.use(end);
    this.taken += end - start;
    return end === start ? null : bytes.subarray(start, end);
  }

  /** Throws away what has come of it; false when that was too much, or not a body. */
  discard(input: InputBuffer): boolean {
    const { start } = input;
    const end = this.scanner.scan(input.bytes, start, input.end);
    this.discarded += end - start;
    input.use(end);
    return this.fault === null && this.discarded <= MAX_DISCARD_BYTES;
  }
}
