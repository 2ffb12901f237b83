/**
 * Reads `plan=gold` and `age=18`: whom flags are asked for. A value that is JSON is taken as such, so that numbers, booleans and
 * objects can be said; anything else is a text. So is `targetingKey`, always: a number would be rounded, and fall into another bucket.
 */
export function parseContextEntry(text: string): { name: string; value: unknown } | { fault: string } {
  const at = text.indexOf('=');
  if (at < 1) return { fault: `"${text}" is no entry of a context: write it like userId=7` };
  const name = text.slice(0, at);
  const value = text.slice(at + 1);
  return { name, value: name === 'targetingKey' ? value : valueOf(value) };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
