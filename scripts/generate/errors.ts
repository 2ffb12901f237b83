import { refusals, type Refusal } from '@fusebox/sidecar/refusals.ts';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';

const row = (refusal: Refusal): string[] => [
  code(refusal.reason),
  String(refusal.status),
  refusal.title,
  refusal.retryAfter ? 'yes' : 'no',
  code(refusal.proxyError),
];

const render = (): string => `${generatedNote('sidecar/src/refusals.ts')}
# Refusals

Every way in which the sidecar itself says no. The body is \`application/problem+json\` (RFC 9457) and the header
\`fusebox-reason\` holds the reason; the same word is the metric label \`reason\` of \`fusebox_refused_total\`. An answer without
\`fusebox-reason\` came from the service.

\`Retry-After\` is sent where waiting helps. The last column is the \`error\` parameter in \`Proxy-Status\` (RFC 9209).

${table(['reason', 'status', 'meaning', '`Retry-After`', '`Proxy-Status` error'], Object.values<Refusal>(refusals).map(row))}
`;

/** docs/errors.md: the table of every refusal. */
export const errorsPage: Generator = { file: 'docs/errors.md', render };
