import type { Alarm } from '../exchange.ts';
import type { RequestHandler } from '../handlers.ts';
import type { ClientConnection } from './client-connection.ts';
import type { RequestHeads } from './request-heads.ts';

/** What all clients' connections of a listener share. */
export interface ClientOptions {
  readonly handler: RequestHandler;
  readonly nowMs: () => number;
  /** Makes an alarm of the timer wheel. */
  readonly alarm: (ring: () => void) => Alarm;
  readonly heads: RequestHeads;
  /** Of a request's body as it is transferred (bytes); null: no limit. */
  readonly maxBodyBytes: number | null;
  /** The listener forgets it. */
  readonly closed: (connection: ClientConnection) => void;
}
