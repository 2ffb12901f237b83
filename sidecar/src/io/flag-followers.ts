import type { Timers } from '@fusebox/api/clock.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { FlagsInForce } from '../flags-in-force.ts';

const NAME = 'fusebox_flag_off_while';

export interface FlagFollowersOptions {
  flags: Pick<FlagsInForce, 'followers' | 'isOffWithCircuit'>;
  registry: MetricsRegistry;
  timers: Timers;
  nowMs: () => number;
  /** Some flag has followed its circuit. */
  changed: () => void;
}

/** Shows which flags are off because of their circuits, and tells when that changes, also when only time has passed. */
export class FlagFollowers {
  private readonly options: FlagFollowersOptions;
  private cancel = (): void => {};
  private shown = new Set<string>();
  private off = '[]';

  constructor(options: FlagFollowersOptions) {
    this.options = options;
  }

  /** Looks again: after new settings, and whenever a circuit has changed. */
  look(): void {
    const { flags, timers, nowMs, changed } = this.options;
    this.cancel();
    const now = nowMs();
    const followers = flags.followers(now);
    this.show(followers);
    const off = JSON.stringify(followers.filter(({ isOff }) => isOff).map(({ key }) => key));
    const news = off !== this.off;
    this.off = off;
    const next = Math.min(...followers.map(({ changesAtMs }) => changesAtMs ?? Infinity));
    // A timer may ring a little early: one more look is cheap.
    this.cancel = next === Infinity ? () => {} : timers.after(Math.max(1, next - now), () => this.look());
    if (news) changed();
  }

  close(): void {
    this.cancel();
  }

  private show(followers: ReturnType<FlagsInForce['followers']>): void {
    const { registry, flags, nowMs } = this.options;
    const wanted = new Map(followers.map(({ key, circuit }) => [`${key} ${circuit}`, { key, circuit }]));
    registry.removeFrom(NAME, ({ flag, circuit }) => !wanted.has(`${flag} ${circuit}`));
    for (const [id, { key, circuit }] of wanted) {
      if (this.shown.has(id)) continue;
      registry.gauge(
        NAME,
        'Whether the flag is off because of its circuit (1) or not (0).',
        { flag: key, circuit },
        () => (flags.isOffWithCircuit(key, nowMs()) ? 1 : 0),
      );
    }
    this.shown = new Set(wanted.keys());
  }
}
