import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';

const STREAM_ENDS = ['client', 'replaced', 'withdrawn', 'expired', 'slow', 'shutdown'] as const;

/** Why a stream ended. */
export type StreamEnd = (typeof STREAM_ENDS)[number];

/** What is counted about streams and reports. */
export interface PublishMetrics {
  streamOpened(): void;
  streamEnded(reason: StreamEnd): void;
  /** A snapshot was handed to a socket. */
  sent(bytes: number): void;
  /** A value was handed to a socket. */
  blobSent(bytes: number): void;
  reported(result: 'applied' | 'rejected'): void;
  /** A request was refused with this HTTP status. */
  refused(status: number): void;
  /** A TokenReview was answered after so long (s), or failed. */
  reviewed(result: 'allowed' | 'refused' | 'failed', seconds: number): void;
}

/** Counts nothing. */
export const noMetrics: PublishMetrics = {
  streamOpened: () => {},
  streamEnded: () => {},
  sent: () => {},
  blobSent: () => {},
  reported: () => {},
  refused: () => {},
  reviewed: () => {},
};

/** Counts for `/metrics`. */
export function newPublishMetrics(registry: MetricsRegistry): PublishMetrics {
  let open = 0;
  registry.gauge('fusebox_operator_streams', 'Streams of sidecars that are open (count).', {}, () => open);
  const count = (name: string, help: string, label: string, values: readonly string[]) =>
    new Map(values.map((value) => [value, registry.counter(name, help, { [label]: value })]));
  const ends = count('fusebox_operator_streams_ended_total', 'Streams that ended, by reason.', 'reason', STREAM_ENDS);
  const reports = count('fusebox_operator_reports_total', 'Reports of sidecars, by result.', 'result', [
    'applied',
    'rejected',
  ]);
  const statuses = ['400', '401', '403', '404', '405', '413', '429', '503'];
  const refusals = count(
    'fusebox_operator_refused_total',
    'Requests that were refused, by status.',
    'status',
    statuses,
  );
  const snapshots = registry.counter('fusebox_operator_snapshots_sent_total', 'Snapshots sent to sidecars.');
  const bytesSent = registry.counter('fusebox_operator_snapshot_bytes_sent_total', 'Bytes of the snapshots sent.');
  const blobs = registry.counter('fusebox_operator_blobs_sent_total', 'Values that sidecars fetched by digest.');
  const blobBytes = registry.counter('fusebox_operator_blob_bytes_sent_total', 'Bytes of the values fetched.');
  const reviews = new Map(
    ['allowed', 'refused', 'failed'].map((result) => [
      result,
      registry.histogram('fusebox_operator_token_review_seconds', 'Time of a TokenReview (s), by result.', { result }),
    ]),
  );
  return {
    streamOpened: () => void (open += 1),
    streamEnded(reason) {
      open -= 1;
      ends.get(reason)?.add();
    },
    sent(bytes) {
      snapshots.add();
      bytesSent.add(bytes);
    },
    blobSent(bytes) {
      blobs.add();
      blobBytes.add(bytes);
    },
    reported: (result) => reports.get(result)?.add(),
    refused: (status) => refusals.get(String(status))?.add(),
    reviewed: (result, seconds) => reviews.get(result)?.observe(seconds),
  };
}
