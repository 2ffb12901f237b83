const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A copy of header fields without the hop-by-hop ones and those that `connection` names (RFC 9110 §7.6.1). */
export function endToEnd(fields: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  const connection = fields['connection'];
  const named = connection === undefined ? null : new Set(String(connection).toLowerCase().split(/,\s*/));
  const kept: Record<string, string | string[]> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && !hopByHop.has(name) && named?.has(name) !== true) kept[name] = value;
  }
  return kept;
}
