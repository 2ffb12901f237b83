import type { Exchange } from './exchange.ts';

/** What an answer says of its connection (RFC 9112 §9.3): nothing where the client's version has it so by itself. A whole line, or none. */
export function connectionLine({ persists, clientMinor }: Exchange): string {
  if (!persists) return 'Connection: close\r\n';
  return clientMinor === 0 ? 'Connection: keep-alive\r\n' : '';
}
