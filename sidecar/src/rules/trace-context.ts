/** W3C Trace Context: `traceparent` and `tracestate`, read and written by the letter. */
import { trimOws } from './ows.ts';

/** What the caller says about the trace this request belongs to. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** 16 lower-case hex digits, not all zero: the caller's span. */
  spanId: string;
  /** The caller may have recorded the trace. */
  sampled: boolean;
  /** The trace id is known to be random (Level 2, `random-trace-id`). */
  random: boolean;
}

const LENGTH = 55;
const FORM = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const SAMPLED = 1;
const RANDOM = 2;

/**
 * Reads `traceparent` (§3.2); null when it is invalid: a new trace must start, and `tracestate` must not be read. A version
 * above 00 is read as far as 00 goes, and may be longer after another dash (§3.2.4, versioning). White space around it is the codec's.
 */
export function parseTraceparent(value: string): TraceParent | null {
  if (!FORM.test(value) || value.startsWith('ff')) return null;
  const isVersion00 = value.startsWith('00');
  if (isVersion00 && value.length > LENGTH) return null;
  const traceId = value.slice(3, 35);
  const spanId = value.slice(36, 52);
  if (traceId === '00000000000000000000000000000000' || spanId === '0000000000000000') return null;
  const flags = Number.parseInt(value.slice(53, LENGTH), 16);
  return { traceId, spanId, sampled: (flags & SAMPLED) !== 0, random: isVersion00 && (flags & RANDOM) !== 0 };
}

/** Writes `traceparent`, always as version 00; flags that nobody has defined are zero (§3.2.2, other flags). */
export function formatTraceparent(parent: TraceParent): string {
  return `00-${parent.traceId}-${parent.spanId}-0${(parent.sampled ? SAMPLED : 0) + (parent.random ? RANDOM : 0)}`;
}

const MAX_MEMBERS = 32;
/** What the specification asks everybody to pass on (§3.3.1, limits), and what is passed on here (characters). */
const MAX_LENGTH = 512;
const LARGE_MEMBER = 128;

// Keys of Level 1 (simple, and tenant@system) and, as Level 2 allows, simple ones that begin with a digit. Members are
// trimmed before they are tested, so a value can't end in a space. No two neighbours share a character: linear time.
const MEMBER =
  /^(?:[a-z0-9][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/**
 * The `tracestate` to pass on: all lines of the header as one list (§3.3.1), or null if nothing is left of it. A list with an
 * invalid member, or more than 32, is dropped as a whole. Of two entries with one key the first, which is the newer, is
 * kept. A list over 512 characters loses whole entries: those over 128 characters first, then others, from the end.
 * A single valid line is passed on as it is.
 */
export function combineTracestate(lines: readonly string[]): string | null {
  const members: string[] = [];
  for (const line of lines) {
    for (const raw of line.split(',')) {
      const member = trimOws(raw);
      if (member === '') continue;
      if (!MEMBER.test(member) || members.length === MAX_MEMBERS) return null;
      members.push(member);
    }
  }
  if (members.length === 0) return null;
  const isWhole = members.length === 1 || dropRepeatedKeys(members);
  const only = lines[0]!;
  if (isWhole && lines.length === 1 && only.length <= MAX_LENGTH) return trimOws(only);
  return shorten(members);
}

/** Whether there was nothing to drop. */
function dropRepeatedKeys(members: string[]): boolean {
  const seen = new Set<string>();
  const before = members.length;
  let kept = 0;
  for (const member of members) {
    const key = member.slice(0, member.indexOf('='));
    if (seen.has(key)) continue;
    seen.add(key);
    members[kept++] = member;
  }
  members.length = kept;
  return kept === before;
}

function shorten(members: string[]): string | null {
  let length = members.reduce((sum, member) => sum + member.length + 1, -1);
  for (const mayGo of [(member: string) => member.length > LARGE_MEMBER, () => true]) {
    for (let i = members.length - 1; i >= 0 && length > MAX_LENGTH; i--) {
      if (!mayGo(members[i]!)) continue;
      length -= members[i]!.length + 1;
      members.splice(i, 1);
    }
  }
  return members.length === 0 ? null : members.join(',');
}
