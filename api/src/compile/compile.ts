/** Documents + who the pods are → the one snapshot that they obey. Pure: the order of documents and keys means nothing. */
import type { Blobs } from '../config-values.ts';
import { digestOf } from '../digest.ts';
import type { Document } from '../document.ts';
import { FLAG_ROUTES, type Snapshot } from '../snapshot.ts';
import { blobsFor, mergeConfig } from './config.ts';
import type { Surroundings } from './defaults.ts';
import { circuitWarnings, gateWarnings, settleFlags, whenWarnings } from './flags.ts';
import { mergePolicies } from './merge.ts';
import { settleInbound } from './routes.ts';
import { type Conflict, select } from './select.ts';
import type { Who } from './who.ts';

/** A snapshot, and what people should know about how it came to be. */
export interface Compiled {
  snapshot: Snapshot;
  /** The bytes of the values that the snapshot only names. */
  blobs: Blobs;
  warnings: string[];
  /** Documents that another of the same rank keeps out. */
  conflicts: Conflict[];
}

/** Compiles the documents that are for these pods. Never fails: what is wrong with a document was found when it was read. */
export function compile(documents: readonly Document[], who: Who): Compiled {
  const selection = select(documents, who); //              which documents rule, lowest rank first
  const policy = mergePolicies(selection.policies); //      one policy out of them, field by field
  const warnings = [...selection.warnings];
  const around: Surroundings = {
    mode: policy.mode ?? 'Enforce',
    ruled: selection.ruled,
    warn: (message) => warnings.push(message),
  };
  const inbound = settleInbound(policy, around); //         built-in values; routes, most specific first
  const flags = settleFlags(selection.flags); //            flags by key
  const config = mergeConfig(selection.config); //          keys for the service
  warnings.push(...flags.warnings, ...gateWarnings(inbound.routes, flags.content.flags));
  warnings.push(...whenWarnings(inbound.routes, flags.content), ...circuitWarnings(flags.content, inbound.routes));
  const content = {
    format: 1 as const,
    requires: inbound.routes.some(({ when }) => when !== undefined) ? [FLAG_ROUTES] : [],
    sources: selection.sources,
    inbound,
    ...flags.content,
    ...config,
    tracing: { sampleRatio: policy.tracing?.sampleRatio ?? null },
  };
  const snapshot = { ...content, digest: digestOf(content) };
  return {
    snapshot,
    blobs: blobsFor(snapshot, documents),
    warnings: [...new Set(warnings)].toSorted(),
    conflicts: selection.conflicts,
  };
}
