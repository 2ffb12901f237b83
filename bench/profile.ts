/** The part of a V8 CPU profile (`--cpu-prof`) that is read. */
export interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  /** The node that ran at each look, and the time since the look before (µs). */
  samples: number[];
  timeDeltas: number[];
}

/** A place where time went, and its share of all time in which the process was not idle (0..1). */
export interface Share {
  place: string;
  share: number;
}

const writes = new Set(['writeLatin1String', 'writeUtf8String', 'writeBuffer', 'writev']);

/** Where the time of one frame counts; null: the process was idle. `root` is the URL of the repository's folder. */
export function placeOf({ functionName, url }: { functionName: string; url: string }, root: string): string | null {
  if (functionName === '(idle)') return null;
  if (url === '') {
    if (writes.has(functionName)) return 'write to a socket (the kernel)';
    if (functionName === '(program)') return 'event loop: poll and read (the kernel)';
    return functionName === '(garbage collector)' ? 'garbage collector' : 'built-in functions of V8 and Node';
  }
  if (url.startsWith(root)) return url.slice(root.length);
  return url.startsWith('node:') ? 'JavaScript of Node (net, streams, timers)' : 'packages';
}

/** Self time by place from `skipMs` after the start on, the largest share first. */
export function sharesOf({ nodes, samples, timeDeltas }: Profile, root: string, skipMs: number): Share[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame, root)]));
  const timeOf = new Map<string, number>();
  let atUs = 0;
  for (const [at, node] of samples.entries()) {
    atUs += timeDeltas[at] ?? 0;
    if (atUs < skipMs * 1000) continue;
    const place = places.get(node) ?? null;
    if (place !== null) timeOf.set(place, (timeOf.get(place) ?? 0) + (timeDeltas[at] ?? 0));
  }
  const total = [...timeOf.values()].reduce((sum, time) => sum + time, 0);
  return [...timeOf].map(([place, time]) => ({ place, share: time / total })).toSorted((a, b) => b.share - a.share);
}
