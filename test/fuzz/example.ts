/** A finding as the source of a test, to be copied into `examples.test.ts` under a name that says what it shows. */

/** A string literal of printable ASCII. */
const literal = (text: string): string =>
  `'${Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    const named = { '\r': '\\r', '\n': '\\n', '\t': '\\t', "'": "\\'", '\\': '\\\\' }[character];
    if (named !== undefined) return named;
    return code < 0x20 || code > 0x7e ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  }).join('')}'`;

/** The value as TypeScript. */
function source(value: unknown): string {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return `[${value.map(source).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${name}: ${source(each)}`)
    .join(', ')} }`;
}

/** `kind` is the list of examples that the case belongs to. */
export const exampleOf = (kind: 'codec' | 'exchange', message: string, each: object): string =>
  `test(${literal(`fuzz, ${kind}: ${message.split('\n')[0]!.slice(0, 100)}`)}, () => ${kind}(${source(each)}));`;
