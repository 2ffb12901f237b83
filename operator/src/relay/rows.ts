/**
 * What replicas know of pods. A pod holds its stream at one replica, and may report to any: the Service between them picks one for
 * each connection. So several replicas may have a report of one pod, and only the newest of them speaks of now. Pure.
 */
import type { Acked } from '../publish/publisher.ts';

/** What one replica knows of one pod. */
export interface Row {
  /** The last report that came to it; null: none did. */
  acked: Acked | null;
  /** When that came (ms, on the clock of whoever keeps this row). */
  reportedMs: number;
  /** Counts the reports that came to this replica. */
  number: number;
  /** Does the pod hold its stream there? */
  connected: boolean;
}

/** Reports that came so close together (ms) may have overtaken each other between replicas. */
const OVERTAKING_MS = 1_000;

/** The newest report in these rows, which are those of one pod; null: there is none. */
export function newestReport(rows: readonly Row[]): Acked | null {
  const reports = rows.filter(({ acked }) => acked !== null);
  const lastMs = Math.max(...reports.map(({ reportedMs }) => reportedMs));
  // Among these the sidecar's own clock tells the order; beyond, that clock may have been set back.
  const close = reports.filter(({ reportedMs }) => reportedMs >= lastMs - OVERTAKING_MS);
  const [newest] = close.toSorted((a, b) => b.acked!.atWallMs - a.acked!.atWallMs || b.reportedMs - a.reportedMs);
  return newest?.acked ?? null;
}
