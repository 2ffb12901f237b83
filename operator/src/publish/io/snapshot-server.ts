import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@fusebox/api/clock.ts';
import { readReport } from '@fusebox/api/report-reader.ts';
import { listenTls } from '../../https/listen-tls.ts';
import type { CertificateSource } from '../../pki/certificate-source.ts';
import type { PublishMetrics } from '../publish-metrics.ts';
import type { PodIdentity, PodRegistry } from '../publisher.ts';
import { ReportRate } from '../report-rate.ts';
import { standingOf } from '../revision.ts';
import type { Identification } from '../token-reviewer.ts';
import { readBody } from '../../https/read-body.ts';
import { SnapshotStream } from './snapshot-stream.ts';

/** What this replica has observed of the cluster. */
export interface Caches {
  /** For each watched kind the newest `resourceVersion` that was observed (see revision.ts). */
  revision(): string;
  /**
   * True as soon as all that `revision` speaks of was observed, compiled and published; false when that has not come to pass
   * within `timeoutMs`.
   */
  waitFor(revision: string, timeoutMs: number): Promise<boolean>;
}

export interface SnapshotServerOptions {
  /** null: all addresses. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  certificates: CertificateSource;
  registry: PodRegistry;
  caches: Caches;
  identify: (token: string) => Promise<Identification>;
  metrics: PublishMetrics;
  clock: Clock;
  /** At once (count). */
  maxConnections?: number;
}

export interface SnapshotServer {
  readonly port: number;
  /** Looks after the streams; by itself it does so every second. */
  tick(): void;
  /** Ends every stream, so that its reader goes to another replica. */
  close(): Promise<void>;
}

/** How long a replica that is behind waits for its caches (ms) before the sidecar had better ask another one. */
const CACHES_MS = 5_000;

/** The largest report (bytes): 2048 circuits with long names. */
const MAX_REPORT_BYTES = 1_048_576;

const TICK_MS = 1_000;

/** Values under way to one pod (count): a sidecar fetches four at once. */
const MAX_VALUES_AT_ONCE = 8;

/** A reader that takes nothing of a value for so long (ms) is cut off. */
const SLOW_MS = 30_000;

/** Serves `GET /v1/snapshot`, `GET /v1/blobs/DIGEST` and `POST /v1/report` over TLS. @throws Error when the address cannot be listened at. */
export async function startSnapshotServer(options: SnapshotServerOptions): Promise<SnapshotServer> {
  const service = new SnapshotService(options);
  const { host, port, certificates, maxConnections = 20_000 } = options;
  const server: Server = await listenTls({ host, port, certificates, maxConnections }, (request, response) =>
    service.handle(request, response),
  );
  const ticking = setInterval(() => service.tick(), TICK_MS);
  return {
    port: (server.address() as AddressInfo).port,
    tick: () => service.tick(),
    async close() {
      clearInterval(ticking);
      const closed = once(server, 'close');
      server.close();
      service.endStreams();
      server.closeIdleConnections();
      await closed;
    },
  };
}

class SnapshotService {
  private readonly options: SnapshotServerOptions;
  private readonly rate = new ReportRate();
  private readonly streams = new Set<SnapshotStream>();
  /** Values that are under way to a pod (count), by its UID. */
  private readonly sending = new Map<string, number>();
  private closing = false;

  constructor(options: SnapshotServerOptions) {
    this.options = options;
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const digest = BLOB_PATH.exec(request.url ?? '')?.[1];
      const method = digest === undefined ? METHODS.get(request.url ?? '') : 'GET';
      if (method === undefined) return this.refuse(response, 404, NOTHING);
      if (request.method !== method) return this.refuse(response, 405, `this path takes ${method}`, { allow: method });
      const who = await this.identify(request);
      if (!('identity' in who)) return this.refuse(response, who.status, who.message);
      if (digest !== undefined) await this.sendBlob(who.identity, digest, request, response);
      else if (method === 'POST') await this.takeReport(who.identity, request, response);
      else await this.openStream(who, request, response);
    } catch {
      // The client has gone, or broke the message off.
      if (!response.headersSent) this.refuse(response, 400, 'the request could not be read');
      response.destroy();
    }
  }

  tick(): void {
    const { clock } = this.options;
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    for (const stream of this.streams) stream.tick(nowMs, wallMs);
  }

  endStreams(): void {
    this.closing = true;
    for (const stream of this.streams) stream.end('shutdown');
  }

  private async identify(request: IncomingMessage): Promise<Identification> {
    const token = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return { status: 401, message: 'a bearer token is needed' };
    return this.options.identify(token);
  }

  private async openStream(
    { identity, untilWallMs }: Extract<Identification, { identity: PodIdentity }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { caches, registry, metrics, clock } = this.options;
    const seen = seenBy(request);
    if (!(await this.hasReached(seen))) return this.refuseLate(response);
    if (response.destroyed || this.closing) return void response.destroy();
    const stream = new SnapshotStream({
      response,
      revision: () => caches.revision(),
      untilWallMs,
      metrics,
      nowMs: clock.nowMs(),
      onEnd: () => {
        this.streams.delete(stream);
        registry.closed(identity.uid, stream);
      },
    });
    this.streams.add(stream);
    registry.opened(identity.uid, stream, seen !== '');
  }

  /** Nothing older than what the sidecar has may be sent, unless the cluster itself went back. */
  private async hasReached(seen: string): Promise<boolean> {
    const { caches } = this.options;
    if (seen === '') return true;
    return (await caches.waitFor(seen, CACHES_MS)) || standingOf(caches.revision(), seen) === 'foreign';
  }

  /** A pod learns nothing of what its own snapshot does not name: not even that it is there. */
  private async sendBlob(
    { uid }: PodIdentity,
    digest: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { registry, metrics } = this.options;
    if (!(await this.hasReached(seenBy(request)))) return this.refuseLate(response);
    const bytes = registry.blob(uid, digest);
    if (bytes === null) return this.refuse(response, 404, NOTHING);
    const places = this.sending.get(uid) ?? 0;
    if (places >= MAX_VALUES_AT_ONCE)
      return this.refuse(response, 429, 'too many values at once', { 'retry-after': '1' });
    this.sending.set(uid, places + 1);
    response.on('close', () => this.sent(uid));
    response.setTimeout(SLOW_MS, () => response.destroy());
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': bytes.length,
      'cache-control': 'no-store',
    });
    response.end(bytes);
    metrics.blobSent(bytes.length);
  }

  private sent(uid: string): void {
    const places = this.sending.get(uid)! - 1;
    if (places === 0) this.sending.delete(uid);
    else this.sending.set(uid, places);
  }

  private refuseLate(response: ServerResponse): void {
    this.refuse(response, 503, 'this replica has not seen yet what you have seen', { 'retry-after': '1' });
  }

  private async takeReport(identity: PodIdentity, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { registry, metrics, clock } = this.options;
    if (!this.rate.take(identity.uid, clock.nowMs())) {
      return this.refuse(response, 429, 'too many reports', { 'retry-after': '1' });
    }
    const body = await readBody(request, MAX_REPORT_BYTES);
    if (body === null) return this.refuse(response, 413, `a report has at most ${MAX_REPORT_BYTES} bytes`);
    const read = readReport(parseJson(body));
    if ('fault' in read) return this.refuse(response, 400, read.fault);
    registry.reported(identity, read.report);
    metrics.reported(read.report.result);
    response.writeHead(204).end();
  }

  private refuse(
    response: ServerResponse,
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.options.metrics.refused(status);
    const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
    // A body that nobody read would be taken for the next request.
    const close = status === 413 || status === 429 ? { connection: 'close' } : {};
    response.writeHead(status, { 'content-type': 'application/problem+json', ...challenge, ...close, ...headers });
    response.end(JSON.stringify({ status, detail }));
  }
}

const BLOB_PATH = /^\/v1\/blobs\/(sha256:[0-9a-f]{64})$/;
const NOTHING = 'there is nothing at this path';

const seenBy = ({ headers }: IncomingMessage): string => String(headers['last-event-id'] ?? '');

const METHODS = new Map([
  ['/v1/snapshot', 'GET'],
  ['/v1/report', 'POST'],
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
