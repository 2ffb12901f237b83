import { randomBytes } from 'node:crypto';
import type { Span } from '../../../support/span-collector.ts';
import { visit } from '../visitor.ts';
import type { World } from '../world.ts';

const SERVER = 2;
const CLIENT = 3;
const WORDS: Readonly<Record<number, string>> = { [SERVER]: 'served by', [CLIENT]: 'called by' };
/** Two of the sidecar, three of the service. */
const SPANS = 5;

/** One request that its caller samples: what the sidecar and the service tell of it is one tree. */
export async function traceRequest({ narrator, outside }: World): Promise<void> {
  using visitor = await visit();
  const traceId = randomBytes(16).toString('hex');
  const callerId = randomBytes(8).toString('hex');
  const traceparent = `00-${traceId}-${callerId}-01`;
  narrator.types(`curl -H 'traceparent: ${traceparent}' ${visitor.url}/users/1`);
  const { status } = await visitor.ask('/users/1', { traceparent });
  if (status !== 200) throw new Error(`GET /users/1: ${status}`);

  const spans = await outside.spans.trace(traceId, SPANS);
  narrator.shows(tree(spans, callerId).join('\n'));
  let parentId = callerId;
  const below = (what: string, isIt: (span: Span) => boolean): string => {
    const found = spans.find((span) => span.parentSpanId === parentId && isIt(span));
    if (found === undefined) throw new Error(`there is no ${what} below ${parentId}`);
    return found.spanId;
  };
  parentId = below('span of the sidecar', ({ kind }) => kind === SERVER);
  parentId = below('call by the sidecar', ({ kind }) => kind === CLIENT);
  parentId = below('handler', ({ kind, name }) => kind === SERVER && name === 'GET /users/:id');
  below('query', ({ name }) => name === 'database.query');
  below('profile call', ({ name }) => name === 'GET /api/profiles/{id}');
  narrator.kept(
    'sidecar, handler, query and profile call are one tree',
    `${spans.length} spans below the caller's own`,
  );
}

function tree(spans: readonly Span[], parentId: string, indent = ''): string[] {
  const children = spans.filter((span) => span.parentSpanId === parentId).sort(byStart);
  return children.flatMap((span) => [
    `${tookMs(span).toFixed(1).padStart(6)} ms  ${indent}${span.name}  (${WORDS[span.kind]} ${span.scope})`,
    ...tree(spans, span.spanId, `${indent}  `),
  ]);
}

const byStart = (one: Span, other: Span): number => Number(one.startTimeUnixNano) - Number(other.startTimeUnixNano);
const tookMs = (span: Span): number => (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6;
