/** What goes wrong with the API server, by one code each; nobody reads messages to find out. */
export type KubeErrorCode =
  | 'Expired' //        410: the resourceVersion is too old to go on from; list again
  | 'NotFound' //       404: no such object, or the kind is not installed
  | 'Conflict' //       409: somebody else has changed or made it meanwhile
  | 'Forbidden' //      403: a role does not allow it
  | 'Unauthorized' //   401: the credentials are not good (any more)
  | 'Invalid' //        400, 405, 413, 415, 422: the request is wrong; the same again will fail again
  | 'Busy' //           429, 503, 504: later
  | 'Unreachable' //    no answer: connection, TLS, timeout
  | 'Server'; //        any other answer

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'Invalid',
  409: 'Conflict',
  410: 'Expired',
  413: 'Invalid',
  415: 'Invalid',
  422: 'Invalid',
  429: 'Busy',
  503: 'Busy',
  504: 'Busy',
};

/** A request to the API server that failed. */
export class KubeError extends Error {
  readonly code: KubeErrorCode;

  constructor(code: KubeErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KubeError';
    this.code = code;
  }
}

/** The error that an answer stands for. `body` is what the API server sent: a `Status`, or any text. */
export function errorOfAnswer(what: string, status: number, body: unknown): KubeError {
  const { message } = Object(body) as { message?: unknown };
  const words = typeof message === 'string' && message !== '' ? message : `the API server answered ${status}`;
  return new KubeError(CODES[status] ?? 'Server', `${what}: ${words}`);
}

/** The error of a request that got no answer. */
export function errorOfSilence(what: string, cause: unknown): KubeError {
  const { message, code } = Object(cause) as { message?: string; code?: unknown };
  const reason = [typeof code === 'string' ? code : '', message ?? String(cause)].filter((part) => part !== '');
  return new KubeError('Unreachable', `${what}: no answer from the API server: ${reason.join(' ')}`, cause);
}

/** Is this the failure with that code? */
export const hasCode = (error: unknown, code: KubeErrorCode): boolean =>
  error instanceof KubeError && error.code === code;
