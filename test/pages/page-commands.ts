/** A command of a page, as its reader would copy it. */
export interface PageCommand {
  /** Heading above it. */
  section: string;
  /** One command, which may stand on several lines. */
  text: string;
  /** The comment behind it; empty: none. */
  comment: string;
}

/** The commands in the blocks of a page that are marked as `sh`, in their order. Pure. */
export function commandsOf(page: string): PageCommand[] {
  const commands: PageCommand[] = [];
  let section = '';
  let inBlock = false;
  let begun = '';
  for (const line of page.split('\n')) {
    if (line.startsWith('```')) inBlock = line === '```sh';
    else if (!inBlock) section = /^#+ (.*)/.exec(line)?.[1] ?? section;
    else if (line.endsWith('\\')) begun += `${line}\n`;
    else {
      const { text, comment } = split(begun + line);
      begun = '';
      if (text !== '') commands.push({ section, text, comment });
    }
  }
  return commands;
}

/** A comment has no quotes in it: a `#` before one is part of the command. */
function split(line: string): Omit<PageCommand, 'section'> {
  const at = /(?:^|\s+)# ?([^'"]*)$/.exec(line);
  return at === null ? { text: line.trim(), comment: '' } : { text: line.slice(0, at.index).trim(), comment: at[1]! };
}

/** Must it fail? Its comment says so. */
export const isRefused = ({ comment }: PageCommand): boolean => comment.startsWith('refused');

/**
 * What the comment promises and the output has not. Promises are: an HTTP status at its beginning, `name: value` of a header after
 * that, and `2/2` anywhere. All else are words for people.
 */
export function unkept({ text, comment }: PageCommand, output: string): string[] {
  const [first = '', ...more] = comment.split(', ');
  const status = /^\d{3}\b/.exec(first)?.[0];
  const fields = status === undefined ? [] : more.filter((part) => /^[a-z-]+: \S+$/.test(part));
  const counts = comment.match(/\b\d+\/\d+\b/g) ?? [];
  const wanted = [...(status === undefined ? [] : [` ${status} `]), ...fields, ...counts];
  return wanted.filter((part) => !output.includes(part)).map((part) => `${text}: no "${part.trim()}" in: ${output}`);
}
