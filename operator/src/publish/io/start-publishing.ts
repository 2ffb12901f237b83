/** The half of the operator that sidecars and the API server call: the snapshot server and the webhook. */
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { CertificateSource } from '../../pki/certificate-source.ts';
import { keepCertificates } from '../../pki/keep-certificates.ts';
import { startWebhookServer, type WebhookServer, type WebhookServerOptions } from '../../webhook/server.ts';
import { newPublishMetrics } from '../publish-metrics.ts';
import type { PodRegistry } from '../publisher.ts';
import { AUDIENCE, TokenReviewer } from '../token-reviewer.ts';
import { startSnapshotServer, type Caches } from './snapshot-server.ts';

export interface PublishingOptions {
  kube: KubeClient;
  certificates: CertificateSource;
  /** null: closed. */
  serve: ListenAddress | null;
  /** null: closed. */
  webhook: ListenAddress | null;
  /** Answers for pods that are about to be made. Absent: nothing is injected. */
  reviewPod?: NonNullable<WebhookServerOptions['reviewPod']>;
  registry: PodRegistry;
  caches: Caches;
  metrics: MetricsRegistry;
  log: Logger;
  clock: Clock;
  timers: Timers;
}

/** What was started. */
export interface Publishing {
  /** null: closed. */
  readonly port: number | null;
  /** null: closed. */
  readonly webhookPort: number | null;
  close(): Promise<void>;
}

/** @throws Error when an address cannot be listened at. */
export async function startPublishing(options: PublishingOptions): Promise<Publishing> {
  const { kube, certificates, serve, webhook, reviewPod, registry, caches, log, clock, timers } = options;
  const metrics = newPublishMetrics(options.metrics);
  options.metrics.gauge(
    'fusebox_operator_certificate_seconds',
    'Time until the serving certificate ends (s).',
    {},
    () => (certificates.servingUntilMs - clock.wallMs()) / 1000,
  );
  const reviewer = new TokenReviewer({
    clock,
    metrics,
    async review(token) {
      try {
        return await kube.tokenReview(token, AUDIENCE);
      } catch (error) {
        log.warn('a token could not be reviewed; its sidecar is told to come again', { error });
        throw error;
      }
    },
  });
  const identify = (token: string) => reviewer.identify(token);
  const server =
    serve === null
      ? null
      : await startSnapshotServer({ ...serve, certificates, registry, caches, identify, metrics, clock });
  const reviews: WebhookServer | null =
    webhook === null
      ? null
      : await startWebhookServer({
          ...webhook,
          certificates,
          ...(reviewPod !== undefined && { reviewPod }),
          onReview: ({ allowed, status }) => {
            if (!allowed) log.info('a write was refused', { why: status?.message });
          },
        });
  const endKeeping = keepCertificates(certificates, { timers, log });
  return {
    port: server?.port ?? null,
    webhookPort: reviews?.port ?? null,
    async close() {
      endKeeping();
      await Promise.all([server?.close(), reviews?.close()]);
    },
  };
}
