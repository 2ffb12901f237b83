import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { refusals, type Refusal } from '@fusebox/sidecar/refusals.ts';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';

const source = 'sidecar/src/stages.ts';

/** A line of the table of contents: `  gate(rules.routes), //  is it switched on?  flag-off`. */
const stageLine = /^ {2}(?<name>\w+)\(.*\), \/\/ +(?<asks>.*?)(?: {2,}(?<reasons>[a-z-]+(?:, [a-z-]+)*))?$/;
const listStart = /^export const (?<list>\w+) = .*readonly Stage\[\] => \[$/;

const known = new Set(Object.values<Refusal>(refusals).map((refusal) => refusal.reason));

const kebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function refusalLinks(reasons: string | undefined): string {
  return (reasons?.split(', ') ?? [])
    .map((reason) => {
      if (!known.has(reason)) throw new Error(`${source} names ${reason}, which is no refusal`);
      return `[${code(reason)}](errors.md)`;
    })
    .join(', ');
}

/** The rows of each list in `stages.ts`, read as text: its comments are what people should know of each stage. */
function listsOf(text: string): Map<string, string[][]> {
  const lists = new Map<string, string[][]>();
  let rows: string[][] | null = null;
  for (const line of text.split('\n')) {
    const start = listStart.exec(line)?.groups;
    if (start !== undefined) {
      rows = [];
      lists.set(start['list'] ?? '', rows);
    } else if (line.startsWith('];')) {
      rows = null;
    } else if (rows !== null) {
      const stage = stageLine.exec(line)?.groups;
      if (stage === undefined) throw new Error(`${source}: a stage without a comment: ${line.trim()}`);
      const file = `${kebabCase(stage['name'] ?? '')}.ts`;
      rows.push([`[${file}](../sidecar/src/stages/${file})`, stage['asks'] ?? '', refusalLinks(stage['reasons'])]);
    }
  }
  return lists;
}

function listTable(lists: Map<string, string[][]>, list: string): string {
  const rows = lists.get(list) ?? [];
  if (rows.length === 0) throw new Error(`${source} has no list ${list}`);
  return table(['stage', '', 'may refuse with'], rows);
}

function render(): string {
  const lists = listsOf(readFileSync(resolve(import.meta.dirname, '../..', source), 'utf8'));
  return `${generatedNote(source)}
# What happens to a request

A request enters the stages from the top, and settles from the bottom up: each stage that let it pass hears of its end exactly
once, when the last byte has gone or the exchange has failed. A stage lets it pass, keeps it waiting, or refuses it
([every refusal](errors.md)).

Before the first stage the head is parsed, by RFC 9112 and strictly; what is not valid is refused and the connection closed.

## Once per request

${listTable(lists, 'inboundExchange')}

## Once per try

${listTable(lists, 'attempt')}

Then it is sent to the service, and the answer's bytes are passed on as they come. A place in the concurrency limit is held until
the body has ended, not until its head has come. The breaker stands before the queue, so that an open circuit refuses at once;
when the circuit opens while requests wait in the queue, they are refused too.
`;
}

/** docs/lifecycle.md: the stages in order, with what each asks and refuses. */
export const lifecyclePage: Generator = { file: 'docs/lifecycle.md', render };
