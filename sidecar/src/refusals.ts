/**
 * Every way in which the sidecar itself says no. The reason is one word everywhere: metric label, `fusebox-reason` header,
 * problem type, span attribute and log field. `proxyError` is the error type of RFC 9209 §2.3 (`http_request_denied` where
 * a policy decided); `retryAfter` tells whether waiting helps, so that a `Retry-After` is sent.
 */
export interface Refusal {
  readonly reason: string;
  /** HTTP status code. */
  readonly status: number;
  /** What a person reads as the problem's title (RFC 9457 §3.1.3). */
  readonly title: string;
  readonly proxyError: string;
  readonly retryAfter: boolean;
}

const refusal = (reason: string, status: number, title: string, proxyError: string): Refusal => ({
  reason,
  status,
  title,
  proxyError,
  retryAfter: status === 503 || status === 429,
});

export const refusals = {
  circuitOpen: refusal(
    'circuit-open',
    503,
    'The circuit is open: the service is believed to be failing',
    'connection_limit_reached',
  ),
  concurrencyLimit: refusal('concurrency-limit', 503, 'Too many requests are in flight', 'connection_limit_reached'),
  queueTimeout: refusal('queue-timeout', 503, 'No place became free in time', 'connection_limit_reached'),
  draining: refusal('draining', 503, 'The sidecar is shutting down', 'destination_unavailable'),
  rateLimit: refusal('rate-limit', 429, 'Too many requests in too short a time', 'http_request_denied'),
  timeout: refusal('timeout', 504, 'The service did not answer in time', 'http_response_timeout'),
  upstreamConnect: refusal('upstream-connect', 502, 'The service could not be reached', 'connection_refused'),
  upstreamReset: refusal(
    'upstream-reset',
    502,
    'The service closed the connection before its answer',
    'connection_terminated',
  ),
  upstreamProtocol: refusal(
    'upstream-protocol',
    502,
    'The service sent an answer that is not valid HTTP',
    'http_protocol_error',
  ),
  loopDetected: refusal('loop-detected', 508, 'The request came through this sidecar before', 'proxy_loop_detected'),
  flagOff: refusal('flag-off', 404, 'This feature is switched off', 'http_request_denied'),
  noRoute: refusal('no-route', 404, 'No route matches this request', 'http_request_denied'),
  badRequest: refusal('bad-request', 400, 'The request is not valid HTTP', 'http_request_error'),
  requestTimeout: refusal('request-timeout', 408, 'The request did not arrive in time', 'http_request_error'),
  headTooLarge: refusal('head-too-large', 431, 'The head of the request is too large', 'http_request_error'),
  bodyTooLarge: refusal('body-too-large', 413, 'The body of the request is too large', 'http_request_error'),
  targetTooLong: refusal('target-too-long', 414, 'The request target is too long', 'http_request_error'),
  methodNotAllowed: refusal(
    'method-not-allowed',
    405,
    'The sidecar does not open tunnels by CONNECT here',
    'http_request_denied',
  ),
  expectationFailed: refusal(
    'expectation-failed',
    417,
    'The only expectation understood is 100-continue',
    'http_request_error',
  ),
  notImplemented: refusal('not-implemented', 501, 'This transfer coding is not supported', 'http_request_error'),
  versionNotSupported: refusal(
    'version-not-supported',
    505,
    'This version of HTTP is not supported',
    'http_request_error',
  ),
  internal: refusal('internal', 500, 'The sidecar failed', 'proxy_internal_error'),
} as const satisfies Record<string, Refusal>;
