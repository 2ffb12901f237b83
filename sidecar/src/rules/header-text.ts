const BEYOND_ASCII = /[\u0080-\u00ff]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What a header's value says. `bytes` has one character for each byte; those beyond ASCII are nobody's in HTTP (RFC 9110 §5.5), and
 * UTF-8 to nearly all who send them. What is no UTF-8 stays as it is. So a rule says of a name what it says to the service,
 * which knows it as text.
 */
export function headerText(bytes: string): string {
  if (!BEYOND_ASCII.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
