/** Why a stream ended. */
export type StreamEnd = 'client' | 'replaced' | 'withdrawn' | 'expired' | 'slow' | 'shutdown';

/** What is counted about streams and reports. */
export interface PublishMetrics {
  streamOpened(): void;
  streamEnded(reason: StreamEnd): void;
  /** A snapshot was handed to a socket. */
  sent(bytes: number): void;
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
  reported: () => {},
  refused: () => {},
  reviewed: () => {},
};
