import { BoundedMap } from './bounded-map.ts';

/** How many reports a pod may send at once (count), and how many more each second. A sidecar by itself sends at most ten. */
const BURST = 50;
const PER_SECOND = 20;

/** Pods that are remembered (count). One that was forgotten begins with a full bucket. */
const PODS = 20_000;

/** A token bucket for each pod. */
export class ReportRate {
  private readonly buckets = new BoundedMap<string, { tokens: number; atMs: number }>(PODS);

  /** May this pod report at `nowMs`? It has then done so. */
  take(podUid: string, nowMs: number): boolean {
    const { tokens, atMs } = this.buckets.get(podUid) ?? { tokens: BURST, atMs: nowMs };
    const filled = Math.min(BURST, tokens + ((nowMs - atMs) / 1000) * PER_SECOND);
    const taken = filled >= 1;
    this.buckets.set(podUid, { tokens: taken ? filled - 1 : filled, atMs: nowMs });
    return taken;
  }
}
