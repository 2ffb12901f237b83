import { duration } from './build/progress.ts';
import { logToStderr, type Log } from './log.ts';
import { built } from './origins/built.ts';
import { envtest } from './origins/envtest.ts';
import { existing } from './origins/existing.ts';
import { kind } from './origins/kind.ts';
import type { Origin } from './origins/origin.ts';
import type { ClusterKind, TestCluster } from './test-cluster.ts';

/** Every way to a cluster, the cheapest first. */
const ORIGINS: readonly Origin[] = [
  existing, // the developer's own, when told so
  envtest, // binaries that are there, or can be downloaded
  kind, // containers
  built, // one binary from Go modules: minutes once, seconds after that
];

/**
 * Starts a real Kubernetes control plane for tests, the first way that is open here; seconds, but for a first build.
 * `FUSEBOX_TEST_CLUSTER` (existing, envtest, kind, built) asks for one way and no other.
 * @throws Error that says why each way is closed: tests without a cluster fail, they are never skipped.
 */
export async function startCluster(log: Log = logToStderr): Promise<TestCluster> {
  return openFirst(chosen(ORIGINS, process.env['FUSEBOX_TEST_CLUSTER'] ?? ''), log);
}

/** The ways that may be tried. @throws Error when the wish is unknown. */
export function chosen(origins: readonly Origin[], wish: ClusterKind | (string & {})): readonly Origin[] {
  if (wish === '') return origins;
  const wished = origins.filter((origin) => origin.kind === wish);
  const names = origins.map((origin) => origin.kind).join(', ');
  if (wished.length === 0) throw new Error(`FUSEBOX_TEST_CLUSTER is "${wish}"; known are ${names}`);
  return wished;
}

/** The cluster of the first way that is open. @throws Error when none is. */
export async function openFirst(origins: readonly Origin[], log: Log): Promise<TestCluster> {
  const closed: string[] = [];
  const startMs = performance.now();
  for (const origin of origins) {
    const result = await origin.open(log);
    if (!('closed' in result)) {
      log(`${result.server} (${result.kind}) is ready after ${duration(performance.now() - startMs)}`);
      return result;
    }
    closed.push(`  ${origin.kind}: ${result.closed}`);
  }
  throw new Error(`there is no Kubernetes API server to test with:\n${closed.join('\n')}`);
}
