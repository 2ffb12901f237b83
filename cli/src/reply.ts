/** What is made of answers, and of none, by whatever way they came. */

/** A text as JSON; null where it is none. */
export function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  const { message, code } = Object(error) as { message?: string; code?: unknown };
  if (message !== undefined && message !== '') return message;
  // Of several addresses that were tried, Node says nothing but this.
  return typeof code === 'string' ? code : String(error);
}
