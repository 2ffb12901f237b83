/** What can go wrong that a client is told of: the code, and how HTTP says it. */
const faults = {
  'invalid-input': { status: 400 },
  /** The status that nginx made known; nobody is there to read it. */
  'client-gone': { status: 499 },
  overloaded: { status: 503, retryAfterSeconds: 1 },
  'database-unavailable': { status: 503, retryAfterSeconds: 1 },
  'database-timeout': { status: 503, retryAfterSeconds: 1 },
} as const satisfies Record<string, { status: number; retryAfterSeconds?: number }>;

export type FaultCode = keyof typeof faults;

interface Details extends ErrorOptions {
  /** Further members of the problem document. */
  members?: Readonly<Record<string, unknown>>;
}

/** An error that has an answer. All others are the service's own fault and are answered with a bare 500. */
export class ServiceError extends Error {
  readonly code: FaultCode;
  readonly status: number;
  /** `Retry-After` (s). */
  readonly retryAfterSeconds: number | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  /** @param message is shown to the client */
  constructor(code: FaultCode, message: string, { members = {}, ...options }: Details = {}) {
    super(message, options);
    this.code = code;
    const fault: { status: number; retryAfterSeconds?: number } = faults[code];
    this.status = fault.status;
    this.retryAfterSeconds = fault.retryAfterSeconds;
    this.members = members;
  }
}
