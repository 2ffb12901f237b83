/**
 * No claim: where the sidecar's time goes under the GET load, by V8's CPU profile of the process.
 * usage: node bench/where-time-goes.ts [--seconds S]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCore, startFleet, userPath } from './fleet.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { readOptions } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { sidecar } from './peers/sidecar.ts';
import { hasWrk } from './processes.ts';
import { sharesOf, type Profile, type Share } from './profile.ts';
import { publish } from './report.ts';
import { headers } from './scenarios.ts';

const connections = 64;
/** Shares below this are added up. */
const least = 0.01;
const root = new URL('../', import.meta.url).href;

/** A profile, and how much of its beginning is the start of the process. */
async function profile(seconds: number): Promise<{ taken: Profile; startMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
  const fleet = await startFleet();
  try {
    const peer: Peer = {
      name: 'sidecar',
      title: 'sidecar, profiled',
      missing: () => null,
      command: sidecar({}, ['--cpu-prof', `--cpu-prof-dir=${folder}`]),
    };
    const { port, readyMs: startMs, stop } = await fleet.start(peer);
    const url = `http://127.0.0.1:${port}${userPath}`;
    const result = await runLoad({ url, seconds, connections, headers, core: loadCore });
    if (result.failures + result.refused > 0) throw new Error('some requests failed');
    await stop();
    const [file] = readdirSync(folder);
    if (file === undefined) throw new Error('Node wrote no profile');
    return { taken: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile, startMs };
  } finally {
    await fleet.stop();
    rmSync(folder, { recursive: true });
  }
}

function rowsOf(shares: readonly Share[]): string[][] {
  const percent = (share: number): string => (share * 100).toFixed(1);
  const shown = shares.filter(({ share }) => share >= least);
  const rest = shares.filter(({ share }) => share < least).reduce((sum, { share }) => sum + share, 0);
  return [...shown.map(({ place, share }) => [place, percent(share)]), ['all others', percent(rest)]];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const there = machine();
  const seconds = options.seconds ?? 8;
  const { taken, startMs } = await profile(seconds);
  const shares = sharesOf(taken, root, startMs);
  const ours = shares.filter(({ place }) => place.endsWith('.ts')).reduce((sum, { share }) => sum + share, 0);
  publish({
    name: 'where-time-goes',
    title: "Where the sidecar's time goes",
    method: `GET of 200 bytes over ${connections} connections at full load for ${seconds} s, from the first request on; self time by V8's sampling profiler, idle time left out. A system call counts for the built-in function that makes it.`,
    tables: [{ header: ['place', 'share %'], rows: rowsOf(shares) }],
    verdict: `All files of this repository together take ${(ours * 100).toFixed(0)} %.`,
    machine: there,
    keep: options.keep,
    data: shares,
  });
}

await main();
