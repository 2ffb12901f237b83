/**
 * The switch that makes the service slow, failing or silent, to show what the sidecar in front of it does about that.
 * It is part of the sample on purpose and has no place in a real service.
 */

/** How the service misbehaves; all zeros is not at all. */
export interface Misbehaviour {
  /** Every answer waits this long first (ms). */
  delayMs: number;
  /** Share of requests that fail (0..1). */
  failRatio: number;
  /** Status of those that fail (200..599). */
  status: number;
  /** Never answer. */
  hang: boolean;
  /** Pause between the pieces in which a body is sent (ms); 0 sends it whole. */
  dripMs: number;
}

/** What `PUT /misbehave` starts from: a field that is left out has this value. */
export const wellBehaved: Misbehaviour = { delayMs: 0, failRatio: 0, status: 500, hang: false, dripMs: 0 };

/** The switch itself, with the chance and the time that it needs. */
export interface Misbehave {
  current: Misbehaviour;
  /** A draw from [0, 1). */
  random: () => number;
  /** Resolves after `ms` milliseconds. */
  sleep: (ms: number) => Promise<unknown>;
}

/** Routes that always behave, so that the switch can be turned back and the service is not restarted by its probes. */
export const alwaysWell: ReadonlySet<string> = new Set([
  '/misbehave',
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
]);

const pieces = 8;

/** The body in at most eight pieces, with a pause of `dripMs` before each. */
export async function* drip(body: Buffer, misbehave: Misbehave): AsyncGenerator<Buffer> {
  const size = Math.max(1, Math.ceil(body.length / pieces));
  for (let start = 0; start < body.length; start += size) {
    await misbehave.sleep(misbehave.current.dripMs); // read each time: switching it off ends the dripping at once
    yield body.subarray(start, start + size);
  }
}
