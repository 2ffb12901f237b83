import { compile } from '@fusebox/api/compile/compile.ts';
import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { expect, test } from 'vitest';
import type { Acked } from '../publish/publisher.ts';
import { type PodReport, standingOf } from './pod-standing.ts';

const who = { namespace: null, workloads: [], labels: null };
const { snapshot } = compile([resiliencePolicy({})], who);
const older = compile([resiliencePolicy({ mode: 'Shadow' })], who).snapshot;
const foreign = compile([], who).snapshot;

/** The present snapshot was made of the settings 2; the one before of 1, and of 2 as well: another source changed. */
const madeOf = new Map([
  [older.digest, new Set(['s@1', 's@2'])],
  [snapshot.digest, new Set(['s@2'])],
]);
const acked = (digest: string, reason: string | null = null): Acked => ({
  pod: { namespace: 'shop', name: 'p', uid: 'u' },
  digest,
  result: reason === null ? 'applied' : 'rejected',
  reason,
  atWallMs: 0,
  version: '1',
  circuits: [],
});
const capture = { servicePort: 8080, redirected: false, portName: 'http' };
const injected = { kind: 'injected' as const, mark: '1/1', capture };
const oldReport = acked(snapshot.digest);

test.each<[string, Partial<PodReport>, string, string]>([
  ['it confirmed the present snapshot', { acked: acked(snapshot.digest) }, 's@2', 'programmed'],
  ['it confirmed one before that the settings stood in already', { acked: acked(older.digest) }, 's@2', 'programmed'],
  ['the settings are newer than any snapshot', { acked: acked(snapshot.digest) }, 's@3', 'pending'],
  ['it confirmed something that nobody remembers', { acked: acked(foreign.digest) }, 's@2', 'pending'],
  ['its sidecar is there and silent', { connected: true }, 's@2', 'pending'],
  ['nobody has ever answered for the sidecar that it says it brings', {}, 's@2', 'silent'],
  ['nobody has ever answered for the sidecar that it was given', { sidecar: injected }, 's@2', 'pending'],
  ['it has no sidecar', { sidecar: { kind: 'none', why: null } }, 's@2', 'bare'],
  [
    'a sidecar that is not in its spec answers',
    { sidecar: { kind: 'none', why: null }, connected: true },
    's@2',
    'pending',
  ],
  ['it refused the present snapshot', { acked: acked(snapshot.digest, 'no') }, 's@2', 'rejected'],
  ['it refused one that is not wanted any more', { acked: acked(older.digest, 'no') }, 's@2', 'pending'],
  [
    'its report is older than the way back to this snapshot',
    { acked: oldReport, ackedBefore: oldReport },
    's@2',
    'pending',
  ],
  [
    'it has reported the same again since',
    { acked: acked(snapshot.digest), ackedBefore: oldReport },
    's@2',
    'programmed',
  ],
])('%s', (_promise, more, tag, wanted) => {
  const report: PodReport = {
    sidecar: { kind: 'own' },
    acked: null,
    connected: false,
    ackedBefore: null,
    silentSinceMs: 5,
    ...more,
  };
  expect(standingOf(tag, report, { snapshot, madeOf }).is).toBe(wanted);
});
