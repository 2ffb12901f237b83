import { request } from 'undici';
import { EventStreamParser, type StreamEvent } from '../rules/event-stream.ts';
import type { OperatorAccess } from './operator-credentials.ts';

/** An operator that is behind the sidecar waits up to 5 s before it answers. */
const ANSWER_MS = 10_000;

/** The operator breaks the silence every 10 s; a stream that is silent for longer than this (ms) is dead. */
const SILENCE_MS = 25_000;

/** How much of a refusal is read (bytes). */
const MAX_REFUSAL_BYTES = 4096;

export interface OperatorStreamOptions {
  /** Base URL of the operator. */
  url: URL;
  access: OperatorAccess;
  /** What was seen last; null: nothing. */
  lastEventId: string | null;
  signal: AbortSignal;
  /** The operator has agreed; events follow. */
  onOpen: () => void;
  onEvent: (event: StreamEvent) => void;
}

/** The operator's answer was a refusal. */
export class OperatorRefusal extends Error {}

/** Follows the operator's stream until it ends. @throws Error that says why it could not begin, or was cut. */
export async function followStream(options: OperatorStreamOptions): Promise<void> {
  const { url, access, lastEventId, signal, onOpen, onEvent } = options;
  const { statusCode, headers, body } = await request(new URL('/v1/snapshot', url), {
    dispatcher: access.agent,
    signal,
    headersTimeout: ANSWER_MS,
    bodyTimeout: SILENCE_MS,
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${access.token}`,
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    },
  });
  if (statusCode !== 200) {
    const why = await body.text().catch(() => '');
    throw new OperatorRefusal(`the operator answers ${statusCode}: ${detailOf(why.slice(0, MAX_REFUSAL_BYTES))}`);
  }
  if (!String(headers['content-type']).startsWith('text/event-stream')) {
    body.destroy();
    throw new OperatorRefusal('what answers there is no operator: its answer is no event stream');
  }
  onOpen();
  const parser = new EventStreamParser();
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    for (const event of parser.read(chunk)) onEvent(event);
  }
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // Not ours: shown as it is.
  }
  return text.trim() === '' ? 'without a reason' : text.trim();
}
