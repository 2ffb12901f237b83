import type { Alarm } from '../exchange.ts';

/** One timer of the system's. */
export interface SystemTimer {
  readonly nowMs: () => number;
  /** Calls `run` after `delayMs`; gives what `cancel` takes. */
  after(delayMs: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

/** Resolution (ms): an alarm rings up to this much late, never early. */
export const TICK_MS = 10;
const SLOTS = 1024;

/**
 * All deadlines of the sidecar on one coarse wheel with one system timer. Moving an alarm later only writes a number: its
 * node stays in its slot, and when the slot's time has come it is put where it belongs by then. So a deadline that moves
 * with every byte, or is cleared before it rings, as nearly all are, costs next to nothing.
 */
export class TimerWheel {
  private readonly timer: SystemTimer;
  private readonly slots: (Node | null)[] = Array.from({ length: SLOTS }, () => null);
  private linked = 0;
  /** All slots up to this tick were looked at. */
  private tick: number;
  /** When the system timer will fire (ticks); -1: not armed. */
  private armedTick = -1;
  private armed: unknown = null;
  /** While alarms ring, nothing is armed: what comes first is known only when all have rung. */
  private turning = false;

  constructor(timer: SystemTimer) {
    this.timer = timer;
    this.tick = Math.floor(timer.nowMs() / TICK_MS);
  }

  /** A new alarm, not set. */
  alarm(ring: () => void): Alarm {
    return new Node(this, ring);
  }

  /** Puts a node where it belongs now. */
  link(node: Node): void {
    const due = Math.max(this.tick + 1, Math.ceil(node.atMs / TICK_MS));
    // What lies beyond one turn waits in the last slot of it, and is put on from there.
    const tick = Math.min(due, this.tick + SLOTS - 1);
    const slot = tick % SLOTS;
    const first = this.slots[slot] ?? null;
    node.slot = slot;
    node.tick = tick;
    node.prev = null;
    node.next = first;
    if (first !== null) first.prev = node;
    this.slots[slot] = node;
    this.linked++;
    if (!this.turning && (this.armedTick < 0 || tick < this.armedTick)) this.arm(tick);
  }

  unlink(node: Node): void {
    if (node.prev === null) this.slots[node.slot] = node.next;
    else node.prev.next = node.next;
    if (node.next !== null) node.next.prev = node.prev;
    node.prev = node.next = null;
    node.slot = -1;
    this.linked--;
  }

  /** With nothing linked the wheel stands still; its ticks start from now. */
  catchUp(): void {
    if (this.linked === 0) this.tick = Math.floor(this.timer.nowMs() / TICK_MS);
  }

  private arm(tick: number): void {
    if (this.armedTick >= 0) this.timer.cancel(this.armed);
    this.armedTick = tick;
    this.armed = this.timer.after(Math.max(0, tick * TICK_MS - this.timer.nowMs()), () => this.turn());
  }

  private turn(): void {
    this.armedTick = -1;
    const nowMs = this.timer.nowMs();
    const until = Math.floor(nowMs / TICK_MS);
    const steps = Math.min(until - this.tick, SLOTS);
    const from = this.tick;
    // From here on, what is set belongs to a later turn; if its slot is still to be emptied in this one, it is put back.
    this.tick = until;
    this.turning = true;
    for (let step = 1; step <= steps; step++) this.empty((from + step) % SLOTS, nowMs);
    this.turning = false;
    this.armNext();
  }

  private empty(slot: number, nowMs: number): void {
    let node = this.slots[slot] ?? null;
    this.slots[slot] = null;
    // Detached first: an alarm that rings may set or clear any other.
    for (let each = node; each !== null; each = each.next) {
      each.slot = DETACHED;
      this.linked--;
    }
    while (node !== null) {
      const next: Node | null = node.next;
      node.next = node.prev = null;
      node.slot = -1;
      if (node.atMs <= nowMs) {
        node.atMs = Infinity;
        node.ring();
      } else if (node.atMs !== Infinity) this.link(node);
      node = next;
    }
  }

  private armNext(): void {
    if (this.linked === 0) return;
    for (let tick = this.tick + 1; tick < this.tick + SLOTS; tick++) {
      if (this.slots[tick % SLOTS] !== null) {
        this.arm(tick);
        return;
      }
    }
  }
}

const DETACHED = -2;

class Node implements Alarm {
  atMs = Infinity;
  /** -1: in no slot; `DETACHED`: in the slot that is being emptied. */
  slot = -1;
  tick = 0;
  next: Node | null = null;
  prev: Node | null = null;
  readonly ring: () => void;
  private readonly wheel: TimerWheel;

  constructor(wheel: TimerWheel, ring: () => void) {
    this.wheel = wheel;
    this.ring = ring;
  }

  set(atMs: number): void {
    this.atMs = atMs;
    if (this.slot === DETACHED) return;
    if (this.slot >= 0) {
      if (Math.ceil(atMs / TICK_MS) >= this.tick) return;
      this.wheel.unlink(this);
    }
    this.wheel.catchUp();
    this.wheel.link(this);
  }

  clear(): void {
    this.atMs = Infinity;
  }

  remove(): void {
    this.atMs = Infinity;
    if (this.slot >= 0) this.wheel.unlink(this);
  }
}
