import { tally, type Load, type Sample } from './load.ts';
import { colourOf, paint } from './paint.ts';
import { quantile, showMs } from './statistics.ts';
import type { Watcher } from './watcher.ts';

/** What the picture shows. */
export interface Shown {
  load: Load;
  watcher: Watcher;
  act: string;
  /** Oldest first. */
  events: readonly string[];
  /** Since the demo began. */
  elapsedMs: number;
}

const windowMs = 2000;
const columnMs = 500;
const barWidth = 30;
const eventLines = 5;
const outcomes = ['200', '500', 'queue-timeout', 'concurrency-limit', 'circuit-open'];
const heights = '▁▂▃▄▅▆▇█';
const label = (text: string): string => paint('dim', text.padEnd(11));

/** The picture, `columns` wide at most. */
export function panel(shown: Shown, columns: number): string[] {
  const { load, watcher, act, events, elapsedMs } = shown;
  const nowMs = performance.now();
  const recent = load.endedSince(nowMs - windowMs);
  const clock = `${(elapsedMs / 1000).toFixed(0)} s`;
  const width = Math.min(columns - 1, 100);
  return [
    '',
    paint('dim', '─'.repeat(width)),
    `${paint('bold', act)}${clock.padStart(Math.max(1, width - act.length))}`,
    label('circuit') + circuitLine(watcher),
    label('in flight') + bar(watcher.circuit?.inFlight ?? 0, watcher.limit, 'green'),
    label('queue') + bar(watcher.circuit?.queued ?? 0, watcher.queueSize, 'cyan'),
    label('answers/s') + rates(recent),
    label('latency') + latency(recent),
    label('so far') + history(load, nowMs, width - 11),
    ...Array.from({ length: eventLines }, (_, at) => paint('dim', `  ${events.at(at - eventLines) ?? ''}`)),
  ];
}

const stateColours = { Closed: 'green', HalfOpen: 'yellow', Open: 'red' } as const;

function circuitLine({ circuit }: Watcher): string {
  if (circuit === null) return '';
  const { state, era, lastReason, retryAfterSeconds: wait, trialsInFlight: trials } = circuit;
  const now = wait === undefined ? '' : `tries again in ${wait.toFixed(1)} s   `;
  const trying = trials === undefined ? '' : `${trials} on trial   `;
  return `${paint(['bold', stateColours[state]], `● ${state.padEnd(8)}`)}  era ${era}   ${now}${trying}${lastReason ?? ''}`;
}

function bar(count: number, of: number, colour: 'green' | 'cyan'): string {
  const filled = of === 0 ? 0 : Math.min(barWidth, Math.ceil((count / of) * barWidth));
  const full = filled >= barWidth ? 'yellow' : colour;
  return `${paint(full, '█'.repeat(filled))}${paint('dim', '░'.repeat(barWidth - filled))}  ${count} of ${of}`;
}

function rates(recent: Sample[]): string {
  const counts = tally(recent);
  const others = Object.keys(counts).filter((outcome) => !outcomes.includes(outcome));
  return [...outcomes, ...others]
    .filter((outcome) => outcome === '200' || (counts[outcome] ?? 0) > 0)
    .map((outcome) => {
      const perSecond = ((counts[outcome] ?? 0) * 1000) / windowMs;
      return `${paint(colourOf(outcome), '■')} ${outcome} ${perSecond.toFixed(0)}`;
    })
    .join('   ');
}

function latency(recent: Sample[]): string {
  const show = (name: string, samples: Sample[]): string => {
    const times = samples.map(({ sentMs, endedMs }) => endedMs - sentMs);
    return times.length === 0
      ? ''
      : `${name} p50 ${showMs(quantile(times, 0.5))}  p99 ${showMs(quantile(times, 0.99))}   `;
  };
  const served = recent.filter(({ outcome }) => outcome === '200');
  const refused = recent.filter(({ outcome }) => outcome === 'circuit-open');
  return show('served', served) + show('refused', refused);
}

/** A column for each half second: as high as answers came, in the colour of what came most. */
function history(load: Load, nowMs: number, columns: number): string {
  const spanMs = columns * columnMs;
  const slots: Sample[][] = Array.from({ length: columns }, () => []);
  const lastSlot = Math.floor(nowMs / columnMs);
  for (const sample of load.endedSince(nowMs - spanMs)) {
    slots[columns - 1 - (lastSlot - Math.floor(sample.endedMs / columnMs))]?.push(sample);
  }
  // The newest is still growing: it would twitch.
  const whole = slots.slice(0, -1);
  const most = Math.max(1, ...whole.map((slot) => slot.length));
  return whole.map((slot) => column(slot, most)).join('');
}

function column(slot: Sample[], most: number): string {
  const [outcome] = Object.entries(tally(slot)).toSorted(([, a], [, b]) => b - a)[0] ?? [];
  if (outcome === undefined) return ' ';
  const height = Math.min(heights.length - 1, Math.floor((slot.length / most) * heights.length));
  return paint(colourOf(outcome), heights[height] ?? ' ');
}
