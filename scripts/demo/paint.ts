import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours for standard output; plain where that is no terminal, or `NO_COLOR` is set. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** One colour for each way in which a request ends, the same everywhere. */
export function colourOf(outcome: string): 'green' | 'red' | 'yellow' | 'magenta' | 'cyan' {
  if (outcome === '200') return 'green';
  if (outcome === 'circuit-open') return 'magenta';
  if (outcome === 'queue-timeout') return 'cyan';
  return outcome === 'concurrency-limit' ? 'yellow' : 'red';
}
