/**
 * Every way in which an event can fail. `retryable`: the same may go well later, so whoever holds the event keeps it.
 * Not retryable: it never will, so the event is set aside where people see it.
 */
const eventErrors = {
  /** It is not JSON, not of the shape that was agreed on, or too large for the broker. */
  serialisation: { retryable: false },
  /** The broker is away, or did not confirm that it has the message. */
  broker: { retryable: true },
  /** A consumer cannot get its messages. */
  subscription: { retryable: true },
} as const;

/** The one error of publishing and consuming; `cause` is what the library threw. */
export class EventError extends Error {
  override readonly name = 'EventError';
  readonly code: keyof typeof eventErrors;

  constructor(code: keyof typeof eventErrors, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get retryable(): boolean {
    return eventErrors[this.code].retryable;
  }
}
