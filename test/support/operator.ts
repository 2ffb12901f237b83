import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '@fusebox/api/compile/compile.ts';
import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { TokenReviewed } from '@fusebox/operator/kube/token-review.ts';
import { newMemoryKeeper, type AuthorityKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { Certificates } from '@fusebox/operator/pki/certificates.ts';
import { startSnapshotServer, type SnapshotServer } from '@fusebox/operator/publish/io/snapshot-server.ts';
import { noMetrics } from '@fusebox/operator/publish/publish-metrics.ts';
import { PodRegistry } from '@fusebox/operator/publish/publisher.ts';
import { standingOf } from '@fusebox/operator/publish/revision.ts';
import { TokenReviewer } from '@fusebox/operator/publish/token-reviewer.ts';
import { systemClock as clock } from '@fusebox/runtime/system-clock.ts';
import { newFolder, replaceFile } from './settings.ts';

/** What a policy with this `spec.inbound` comes to. */
export const snapshotOf = (inbound: object): Snapshot =>
  compile([resiliencePolicy({ inbound })], { namespace: null, workloads: [], labels: null }).snapshot;

/** A token as the API server would sign one; the signature is the test's business. */
export function newToken(podUid: string | null, { audience = 'fusebox', lifetimeMs = 600_000 } = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: [audience], exp: (clock.wallMs() + lifetimeMs) / 1000, podUid, jti: randomUUID() };
  return `${part({ alg: 'none' })}.${part(claims)}.signature`;
}

/** Believes what a token says of its pod, unless it was revoked. */
function reviewOf(token: string, revoked: ReadonlySet<string>): TokenReviewed {
  const { podUid } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { podUid: string | null };
  const who = { username: 'system:serviceaccount:shop:users', namespace: 'shop', podUid, podName: podUid };
  const authenticated = !revoked.has(token);
  return { ...who, authenticated, error: authenticated ? null : 'it was revoked' };
}

interface TestOperatorOptions {
  port?: number;
  keeper?: AuthorityKeeper;
  /** Asks an API server; without it tokens of `newToken` are believed. */
  review?: (token: string) => Promise<TokenReviewed>;
}

/** The operator's publishing half in this process, on a free port, with files for a sidecar that trusts it. */
export class TestOperator {
  readonly changes: string[] = [];
  readonly revoked = new Set<string>();
  /** Sizes of the values that were fetched (bytes), and statuses of refusals. */
  readonly blobsSent: number[] = [];
  readonly refused: number[] = [];
  readonly registry = new PodRegistry({ changed: (podUid) => this.changes.push(podUid) });
  readonly folder: string;
  /** What this replica has observed. */
  revision = 'configmaps=1,pods=1';
  reviews = 0;
  certificates!: Certificates;
  private server!: SnapshotServer;
  private readonly removeFolder: () => Promise<void>;

  private constructor(folder: Awaited<ReturnType<typeof newFolder>>) {
    this.folder = folder.path;
    this.removeFolder = folder.remove;
  }

  static async start({ port = 0, keeper = newMemoryKeeper(), review }: TestOperatorOptions = {}) {
    const operator = new TestOperator(await newFolder());
    operator.certificates = await Certificates.begin({ keeper, clock, hosts: ['127.0.0.1', 'localhost'] });
    await writeFile(operator.caPath, operator.certificates.current.bundle);
    const reviewer = new TokenReviewer({
      clock,
      metrics: noMetrics,
      review: async (token) => {
        operator.reviews += 1;
        return review === undefined ? reviewOf(token, operator.revoked) : review(token);
      },
    });
    operator.server = await startSnapshotServer({
      host: '127.0.0.1',
      port,
      certificates: operator.certificates,
      registry: operator.registry,
      caches: {
        revision: () => operator.revision,
        waitFor: async (revision) => standingOf(operator.revision, revision) === 'reached',
      },
      identify: (token) => reviewer.identify(token),
      metrics: {
        ...noMetrics,
        blobSent: (bytes) => operator.blobsSent.push(bytes),
        refused: (status) => operator.refused.push(status),
      },
      clock,
    });
    return operator;
  }

  get port(): number {
    return this.server.port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get caPath(): string {
    return join(this.folder, 'ca.crt');
  }

  /** Puts a token where a sidecar reads it. */
  async writeToken(token: string): Promise<string> {
    const path = join(this.folder, 'token');
    await replaceFile(path, token);
    return path;
  }

  /** Ends the server, and leaves the files. */
  stop(): Promise<void> {
    return this.server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close().catch(() => {});
    await this.removeFolder();
  }
}
