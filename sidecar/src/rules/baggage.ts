/** W3C Baggage: passed on as it came, as far as it is baggage. */
import { trimOws } from './ows.ts';

/** What the specification asks everybody to pass on (Limits), and what is passed on here: members, and bytes in all. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;

// `token` of RFC 9110 §5.6.2, `baggage-octet` of Baggage, Definition. Tested piece by piece: one pattern for a whole member would meet
// the same spaces twice and need quadratic time on hostile input.
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const VALUE = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*';
const PAIR = new RegExp(`^${TOKEN}[ \\t]*=[ \\t]*${VALUE}$`);
const PROPERTY = new RegExp(`^${TOKEN}(?:[ \\t]*=[ \\t]*${VALUE})?$`);

/**
 * The `baggage` to pass on: all lines of the header as one list, or null if nothing is left of it. A member that is not in
 * the specified format is removed and the others stay (Mutating baggage allows that); properties and repeated keys are kept. Past 64 members
 * or 8192 bytes the rest is left out, by whole members. A single valid line is passed on as it is.
 */
export function combineBaggage(lines: readonly string[]): string | null {
  const members: string[] = [];
  let bytes = -1;
  let isWhole = true;
  for (const line of lines) {
    for (const raw of line.split(',')) {
      const member = trimOws(raw);
      const fits = members.length < MAX_MEMBERS && bytes + 1 + member.length <= MAX_BYTES;
      if (!fits || !isMember(member)) {
        isWhole = false;
        continue;
      }
      members.push(member);
      bytes += 1 + member.length;
    }
  }
  if (members.length === 0) return null;
  if (isWhole && lines.length === 1 && lines[0]!.length <= MAX_BYTES) return trimOws(lines[0]!);
  return members.join(',');
}

function isMember(member: string): boolean {
  if (!member.includes(';')) return PAIR.test(member);
  const [pair, ...properties] = member.split(';');
  return PAIR.test(trimOws(pair!)) && properties.every((property) => PROPERTY.test(trimOws(property)));
}
