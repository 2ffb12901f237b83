import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  BODY_STALL_MS,
  HEAD_MS,
  KEEP_ALIVE_MS,
  LAST_ANSWER_MS,
  LINGER_MS,
  MAX_DISCARD_BYTES,
  MAX_INPUT_BYTES,
  MAX_LINGER_BYTES,
} from '@fusebox/sidecar/io/client-limits.ts';
import { MAX_EXCESS_BYTES, MAX_EXTENSION_BYTES, MAX_TRAILER_BYTES } from '@fusebox/sidecar/wire/chunked.ts';
import { MAX_FIELDS, MAX_HEAD_BYTES, MAX_TARGET_BYTES } from '@fusebox/sidecar/wire/message-head.ts';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
const bytes = (count: number): string => `${count.toLocaleString('en')} bytes`;
const seconds = (ms: number): string => `${ms / 1_000} s`;

test.each([
  ['head', `${bytes(MAX_HEAD_BYTES)}, ${MAX_FIELDS} fields`],
  ['request target', bytes(MAX_TARGET_BYTES)],
  ['extensions of one chunk', bytes(MAX_EXTENSION_BYTES)],
  ['extensions of all chunks, beyond the bytes of data', bytes(MAX_EXCESS_BYTES)],
  ['trailers', bytes(MAX_TRAILER_BYTES)],
  ['input that waits for the service', bytes(MAX_INPUT_BYTES)],
  ['rest of a refused body that is read to keep the connection', bytes(MAX_DISCARD_BYTES)],
  ['input that is thrown away behind the last answer', bytes(MAX_LINGER_BYTES)],
  ['time for a head, and for the first byte', seconds(HEAD_MS)],
  ['time between bytes of a body', seconds(BODY_STALL_MS)],
  ['time between requests', seconds(KEEP_ALIVE_MS)],
  ['time for the client to close behind the last answer', seconds(LINGER_MS)],
  ['time for the client to take the last answer', seconds(LAST_ANSWER_MS)],
])('docs/security.md tells the limit that holds: %s', (what, limit) => {
  expect(page).toContain(`| ${what} | ${limit} |`);
});
