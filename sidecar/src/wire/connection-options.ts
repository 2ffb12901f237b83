import { FIELD } from './known-fields.ts';
import type { MessageHead } from './message-head.ts';

/** What the `Connection` fields of a message say (RFC 9110 §7.6.1), as bits. */
export const CLOSE = 1;
export const KEEP_ALIVE = 2;
/** They name fields that are for this hop only. */
export const NAMES_FIELDS = 4;

/** Options that name no field to remove beyond those that are removed in any case. */
const withoutOwnField = new Set(['te', 'upgrade', 'keep-alive', 'close', 'proxy-connection', 'transfer-encoding', '']);
/** Fields that are never for one hop, whoever names them: without them the message would mean something else. */
const essential = new Set(['host', 'content-length', 'transfer-encoding', 'trailer', 'via', 'date', 'expect']);

/** The options of all `Connection` lines as bits; 0 when there is none. */
export function connectionOptions(head: MessageHead): number {
  const index = head.indexOf(FIELD.connection);
  if (index < 0) return 0;
  if (!head.isRepeated(FIELD.connection)) {
    const value = head.valueAt(index);
    if (value === 'keep-alive') return KEEP_ALIVE;
    if (value === 'close') return CLOSE;
  }
  let bits = 0;
  for (const option of options(head)) {
    if (option === 'close') bits |= CLOSE;
    else if (option === 'keep-alive') bits |= KEEP_ALIVE;
    else if (!withoutOwnField.has(option) && !essential.has(option)) bits |= NAMES_FIELDS;
  }
  return bits;
}

/** Does a `Connection` line name the field whose offsets begin at `at`? */
export function namesField(head: MessageHead, at: number): boolean {
  const name = head.bytes.toString('latin1', head.fields[at], head.fields[at + 1]).toLowerCase();
  return !essential.has(name) && options(head).includes(name);
}

const options = (head: MessageHead): string[] =>
  head
    .values(FIELD.connection)
    .flatMap((value) => value.split(','))
    .map((option) => option.trim().toLowerCase());

/** Seconds that the sender keeps an idle connection open, by `Keep-Alive: timeout=N`; -1 when it does not say. */
export function keepAliveSeconds(head: MessageHead): number {
  if (!head.has(FIELD.keepAlive)) return -1;
  for (const value of head.values(FIELD.keepAlive)) {
    const found = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value);
    if (found !== null) return Number(found[1]);
  }
  return -1;
}
