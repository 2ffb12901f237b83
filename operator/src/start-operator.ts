/** Builds the running operator out of its parts. */
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { startAdmin } from '@fusebox/runtime/admin.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { registerProcessMetrics } from '@fusebox/runtime/process-metrics.ts';
import { systemClock as clock, systemTimers as timers } from '@fusebox/runtime/system-clock.ts';
import type { Config } from './config.ts';
import { Controller } from './controller.ts';
import { type KubeClient, newKubeClient } from './kube/client.ts';
import { connectionFrom } from './kube/connection.ts';
import { Election } from './kube/leader.ts';
import { informerWatcher, queueWatcher, registerControllerGauges } from './operator-metrics.ts';
import { newMemoryKeeper } from './pki/authority-keeper.ts';
import { Certificates } from './pki/certificates.ts';
import { keepCertificates } from './pki/keep-certificates.ts';
import { newSecretKeeper } from './pki/secret-keeper.ts';
import { startSnapshotServer } from './publish/io/snapshot-server.ts';
import { newPublishMetrics } from './publish/publish-metrics.ts';
import { PodRegistry } from './publish/publisher.ts';
import { AUDIENCE, TokenReviewer } from './publish/token-reviewer.ts';
import { startWebhookServer } from './webhook/server.ts';

const random = Math.random;
/** Between two tries to get certificates while the API server is away (ms). */
const CERTIFICATES_RETRY_MS = 1_000;

export interface Operator {
  /** The ports that are bound; null: closed. */
  readonly ports: { serve: number | null; webhook: number | null; admin: number | null };
  /** Hands over and ends in order. */
  end(): Promise<void>;
}

/** Something to undo at the end. */
type Ending = () => void | Promise<void>;

/** @throws Error when a listener cannot be opened, or there is no cluster to be found. */
export async function startOperator(config: Config, log: Logger): Promise<Operator> {
  const registry = new MetricsRegistry();
  registerProcessMetrics(registry);
  const client = newKubeClient(connectionFrom(config.kubeconfig));
  const pods = new PodRegistry({ changed: (podUid) => controller.reported(podUid) });
  const election = electionFor(config, client, log, () => controller.lead());
  const leading = (): boolean => election === null || election.leads;
  const controller: Controller = new Controller({
    client,
    publisher: pods,
    clock,
    timers,
    random,
    log,
    leading,
    informerWatcher: informerWatcher(registry, log),
    queueWatcher: queueWatcher(registry, log),
  });
  registerControllerGauges(registry, controller, { leading, connected: () => pods.connected() });

  // Ended from the last to the first.
  const endings: Ending[] = [() => client.close()];
  let listening = false;
  const admin =
    config.admin === null
      ? null
      : await startAdmin({
          ...config.admin,
          ready: () => listening && controller.ready,
          renderMetrics: () => registry.render(),
        });
  if (admin !== null) endings.push(() => admin.close());
  const running = controller.run();
  endings.push(async () => {
    controller.stop();
    await running;
  });
  const servers = await startServers(config, { client, controller, pods, registry, log, endings });
  election?.start();
  if (election !== null) endings.push(() => election.stop());
  listening = true;
  const ports = { ...servers, admin: admin?.port ?? null };
  log.info('listening', ports);
  return {
    ports,
    async end() {
      log.info('ending');
      for (const ending of endings.toReversed()) await ending();
    },
  };
}

function electionFor({ lease }: Config, client: KubeClient, log: Logger, lead: () => void): Election | null {
  if (lease === null) return null;
  return new Election({
    client,
    lease,
    identity: `${hostname()}-${randomBytes(4).toString('hex')}`,
    address: null,
    clock,
    timers,
    random,
    log,
    onLeading(leads) {
      log.info(leads ? 'leading' : 'not leading any more');
      if (leads) lead();
    },
  });
}

interface ServerParts {
  client: KubeClient;
  controller: Controller;
  pods: PodRegistry;
  registry: MetricsRegistry;
  log: Logger;
  endings: Ending[];
}

/** What sidecars and the API server call, over TLS. */
async function startServers(
  config: Config,
  { client, controller, pods, registry, log, endings }: ServerParts,
): Promise<{ serve: number | null; webhook: number | null }> {
  if (config.serve === null && config.webhook === null) return { serve: null, webhook: null };
  const certificates = await beginCertificates(config, client, log);
  endings.push(keepCertificates(certificates, { timers, log }));
  if (config.caFile !== null) await keepFile(config.caFile, certificates, log);
  const webhook = config.webhook === null ? null : await startWebhookServer({ ...config.webhook, certificates });
  if (webhook !== null) endings.push(() => webhook.close());
  if (config.serve === null) return { serve: null, webhook: webhook?.port ?? null };
  const metrics = newPublishMetrics(registry);
  const reviewer = new TokenReviewer({
    clock,
    metrics,
    async review(token) {
      try {
        return await client.tokenReview(token, AUDIENCE);
      } catch (error) {
        log.warn('the API server cannot be asked about a token', { error });
        throw error;
      }
    },
  });
  const serve = await startSnapshotServer({
    ...config.serve,
    certificates,
    registry: pods,
    caches: controller,
    identify: (token) => reviewer.identify(token),
    metrics,
    clock,
  });
  endings.push(() => serve.close());
  return { serve: serve.port, webhook: webhook?.port ?? null };
}

/** An API server that is away now will be there later: without certificates nothing can be served, and nothing else is to be done. */
async function beginCertificates({ namespace, hosts }: Config, client: KubeClient, log: Logger): Promise<Certificates> {
  const keeper = namespace === null ? newMemoryKeeper() : newSecretKeeper(client, namespace);
  for (;;) {
    try {
      return await Certificates.begin({ keeper, hosts, clock });
    } catch (error) {
      log.warn('no certificates yet', { error });
      await new Promise((resolve) => void setTimeout(resolve, CERTIFICATES_RETRY_MS));
    }
  }
}

/** Keeps a file equal to what is to be trusted; a reader never sees half of it. */
async function keepFile(path: string, certificates: Certificates, log: Logger): Promise<void> {
  const write = async (bundle: string): Promise<void> => {
    await writeFile(`${path}.new`, bundle);
    await rename(`${path}.new`, path);
  };
  certificates.onChange(({ bundle }) => {
    write(bundle).catch((error: unknown) =>
      log.warn('the certificates to trust could not be written', { path, error }),
    );
  });
  await write(certificates.current.bundle);
}
