/** What stands at the top of every generated page. */
export const generatedNote = (source: string): string =>
  `<!-- Generated from ${source} by \`make generate\`. Do not edit by hand. -->`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A table in GitHub's Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as code, whatever it holds but backticks. */
export const code = (text: string): string => `\`${text}\``;
