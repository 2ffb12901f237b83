import { FIELD } from './known-fields.ts';
import { listItems } from './list-items.ts';
import type { MessageHead } from './message-head.ts';

/** What the `Connection` fields of a message say of the connection itself (RFC 9112 §9.3), as bits. */
export const CLOSE = 1;
export const KEEP_ALIVE = 2;
/** Another protocol is asked for, or spoken from here on (RFC 9110 §7.8). */
export const UPGRADE = 4;

/** Options that name no field, or one that is removed or replaced in any case. */
const withoutOwnField = new Set(['te', 'upgrade', 'keep-alive', 'close', 'proxy-connection', '']);
/** Fields that are never for one hop, whoever names them: without them the message would mean something else. */
const essential = new Set(['host', 'content-length', 'transfer-encoding', 'trailer', 'via', 'date', 'expect']);

/** The options of all `Connection` lines as bits; 0 when there is none. */
export function connectionOptions(head: MessageHead): number {
  if (!head.has(FIELD.connection)) return 0;
  const usual = usualOption(head);
  if (usual !== 0) return usual;
  let bits = 0;
  for (const option of listItems(head.values(FIELD.connection))) {
    if (option === 'close') bits |= CLOSE;
    else if (option === 'keep-alive') bits |= KEEP_ALIVE;
    else if (option === 'upgrade') bits |= UPGRADE;
  }
  return bits;
}

/** Names (lower case) of the fields that `Connection` keeps to this hop (RFC 9110 §7.6.1); null when it names none. */
export function fieldsNamedForThisHop(head: MessageHead): ReadonlySet<string> | null {
  if (usualOption(head) !== 0) return null;
  const named = new Set<string>();
  for (const option of listItems(head.values(FIELD.connection))) {
    if (!withoutOwnField.has(option) && !essential.has(option)) named.add(option);
  }
  return named.size === 0 ? null : named;
}

/** Nearly all messages say one of two words, in one spelling; 0: it has to be looked at closely. */
function usualOption(head: MessageHead): number {
  if (head.isRepeated(FIELD.connection)) return 0;
  const value = head.valueAt(head.indexOf(FIELD.connection));
  if (value === 'keep-alive') return KEEP_ALIVE;
  return value === 'close' ? CLOSE : 0;
}

/** Seconds that the sender keeps an idle connection open, by `Keep-Alive: timeout=N`; -1 when it does not say. */
export function keepAliveSeconds(head: MessageHead): number {
  if (!head.has(FIELD.keepAlive)) return -1;
  for (const value of head.values(FIELD.keepAlive)) {
    const found = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value);
    if (found !== null) return Number(found[1]);
  }
  return -1;
}
