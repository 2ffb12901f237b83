/** The lines that the sidecar adds to every message. */
const ADDED = /^(via: 1\.\d fusebox-|traceparent:|x-request-id:)/i;

/** Field lines without those that the sidecar adds to every message. */
export const withoutSignature = (lines: readonly string[]): string[] => lines.filter((line) => !ADDED.test(line));
