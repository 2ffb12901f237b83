/**
 * What replicas say to each other: JSON, one frame a line. First `hello`, then a row of every pod, then `whole`, and from then on
 * rows that changed. Times are sent as ages, so that no two clocks are compared.
 */
import type { Acked } from '../publish/publisher.ts';
import type { Row } from './rows.ts';

/** A report as it travels. */
interface SentReport {
  number: number;
  /** How long ago it came (ms). */
  ageMs: number;
  acked: Acked;
}

export type Frame =
  | { is: 'hello'; replica: string }
  | { is: 'row'; pod: string; connected: boolean; report: SentReport | null }
  /** This replica knows nothing of the pod any more. */
  | { is: 'gone'; pod: string }
  /** All that the replica knew was said. */
  | { is: 'whole' }
  /** Nothing, so that the other side knows that this one is there. */
  | { is: 'beat' }
  /** Whoever was called does not lead (any more). */
  | { is: 'notLeading' }
  /** Of a newer version; to be ignored. */
  | { is: 'unknown' };

/** The longest frame (bytes): the largest report, and what stands around it. */
export const MAX_FRAME_BYTES = 2_097_152;

/** The frame as a line. */
export const frameLine = (frame: Frame): string => `${JSON.stringify(frame)}\n`;

/** The frame that says what is known of a pod at `nowMs`; null: nothing is. */
export function rowFrame(pod: string, row: Row | null, nowMs: number): Frame {
  if (row === null) return { is: 'gone', pod };
  const { acked, number, reportedMs, connected } = row;
  const report = acked === null ? null : { number, ageMs: Math.max(0, nowMs - reportedMs), acked };
  return { is: 'row', pod, connected, report };
}

/** The row in a frame that was received at `nowMs`. */
export function rowOf({ connected, report }: Extract<Frame, { is: 'row' }>, nowMs: number): Row {
  if (report === null) return { acked: null, reportedMs: nowMs, number: 0, connected };
  return { acked: report.acked, reportedMs: nowMs - report.ageMs, number: report.number, connected };
}

/**
 * Reads a line; null: it is no frame. Whoever sends is a replica (its certificate says so), so the shape is checked only as far as
 * a replica of another version may differ.
 */
export function readFrame(line: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const frame = Object(value) as Record<string, unknown>;
  const { is } = frame;
  if (typeof is !== 'string') return null;
  const shape = SHAPES.get(is);
  if (shape === undefined) return { is: 'unknown' };
  return shape(frame) ? (frame as unknown as Frame) : null;
}

const text = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= 512;

const SHAPES = new Map<string, (frame: Record<string, unknown>) => boolean>([
  ['hello', ({ replica }) => text(replica)],
  [
    'row',
    ({ pod, connected, report }) =>
      text(pod) && typeof connected === 'boolean' && (report === null || isReport(report)),
  ],
  ['gone', ({ pod }) => text(pod)],
  ['whole', () => true],
  ['beat', () => true],
  ['notLeading', () => true],
]);

function isReport(value: unknown): boolean {
  const { number, ageMs, acked } = Object(value) as Record<string, unknown>;
  const { digest, result, circuits, atWallMs, pod } = Object(acked) as Record<string, unknown>;
  return (
    typeof number === 'number' &&
    typeof ageMs === 'number' &&
    typeof digest === 'string' &&
    typeof result === 'string' &&
    typeof atWallMs === 'number' &&
    Array.isArray(circuits) &&
    typeof pod === 'object'
  );
}
