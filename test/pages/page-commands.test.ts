import { describe, expect, test } from 'vitest';
import { commandsOf, isRefused, unkept } from './page-commands.ts';

const PAGE = `
# Title
\`\`\`sh
first --flag   # 200, and more
\`\`\`
Words.
\`\`\`yaml
not: a command
\`\`\`
## Section
\`\`\`sh
# nothing but a comment
second 'with # inside' \\
  and a second line

third "a # b"   # refused: because
\`\`\`
`;

describe('commands of a page', () => {
  const commands = commandsOf(PAGE);

  test('are those in its blocks of sh, with their section and their comment', () => {
    expect(commands).toEqual([
      { section: 'Title', text: 'first --flag', comment: '200, and more' },
      { section: 'Section', text: "second 'with # inside' \\\n  and a second line", comment: '' },
      { section: 'Section', text: 'third "a # b"', comment: 'refused: because' },
    ]);
  });

  test('must fail where the comment says so', () => {
    expect(commands.map(isRefused)).toEqual([false, false, true]);
  });

  test.each([
    ['200', 'HTTP/1.1 200 OK\n', true],
    ['200', 'HTTP/1.1 404 Not Found\n', false],
    ['503, fusebox-reason: circuit-open', 'HTTP/1.1 503 x\nfusebox-reason: circuit-open\n', true],
    ['503, fusebox-reason: circuit-open', 'HTTP/1.1 503 x\nfusebox-reason: timeout\n', false],
    ['PROGRAMMED 2/2', 'users 2/2', true],
    ['2/2: both', 'users 1/2', false],
    ['words, other: words', '', true],
  ])('"%s" of %j: %s', (comment, output, isKept) => {
    expect(unkept({ section: '', text: 'x', comment }, output).length === 0).toBe(isKept);
  });
});
