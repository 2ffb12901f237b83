import { readRequests } from '../fuzz/reference-stream.ts';
import { PROBE_READING, type BackEnd } from './back-ends.ts';
import { spelledReading, type Readings } from './reading.ts';
import type { Forwarded } from './tee-service.ts';

/** Read as the grammar says; refused (nothing was read as anything else); or read as something else. */
export type Verdict = 'agrees' | 'refuses' | 'differs';

/** What one back end made of a forwarded request; `isLast`: nothing is ever sent behind it. */
function verdictOf({ answers, ended }: Readings, expected: string, isLast: boolean): Verdict {
  const [first, second] = answers;
  if (first === expected) {
    const isProbeRead = second === PROBE_READING && answers.length === 2;
    return isProbeRead || (isLast && second === undefined) ? 'agrees' : 'differs';
  }
  // Of a refusal the answer may be lost, when the connection was closed with the probe unread.
  if (first === undefined) return ended ? 'refuses' : 'differs';
  const isRefusal = typeof first === 'number' && first >= 400 && (answers.length === 1 || second === PROBE_READING);
  return isRefusal ? 'refuses' : 'differs';
}

/** What the reference reads, in the spelling of the back ends; null where that is not one request and nothing else. */
function expectedReading(text: string): string | null {
  const { requests, refused, rest } = readRequests(text);
  const [request] = requests;
  if (request === undefined || requests.length > 1 || request.end === null || refused !== null || rest !== '')
    return null;
  return spelledReading(request.method, request.target, request.host ?? '', request.data);
}

/** The verdict on each back end. */
export function verdictsOf({ text, upgrades, readings }: Forwarded): Record<BackEnd, Verdict> {
  const expected = expectedReading(text);
  const verdict = (each: Readings): Verdict => (expected === null ? 'differs' : verdictOf(each, expected, upgrades));
  return { node: verdict(readings.node), haproxy: verdict(readings.haproxy), nginx: verdict(readings.nginx) };
}
