/** Builds the running operator out of its parts. */
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Reply, startAdmin } from '@fusebox/runtime/admin.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { registerProcessMetrics } from '@fusebox/runtime/process-metrics.ts';
import { systemClock as clock, systemTimers as timers } from '@fusebox/runtime/system-clock.ts';
import type { Config } from './config.ts';
import { Controller } from './controller.ts';
import { CaBundles } from './inject/ca-bundles.ts';
import { newInjector } from './inject/injector.ts';
import { reviewPod } from './inject/webhook.ts';
import { type KubeClient, newKubeClient } from './kube/client.ts';
import { connectionFrom } from './kube/connection.ts';
import { notingDenials } from './kube/denials.ts';
import { KubeError } from './kube/kube-error.ts';
import { type RunningNews, sourceSubject, startNews } from './news/start-news.ts';
import { informerWatcher, newDenials, queueWatcher, registerControllerGauges } from './operator-metrics.ts';
import { type AuthorityKeeper, newMemoryKeeper } from './pki/authority-keeper.ts';
import type { CertificateSource } from './pki/certificate-source.ts';
import { Certificates } from './pki/certificates.ts';
import { FolderCertificates } from './pki/io/folder-certificates.ts';
import { newSecretKeeper } from './pki/secret-keeper.ts';
import { CA_NAME } from './pki/secret-keeper.ts';
import { type PublishingOptions, startPublishing } from './publish/io/start-publishing.ts';
import { Replicas } from './relay/replicas.ts';
import { ReplicatedPublisher } from './relay/replicated-publisher.ts';
import { keyOf } from './watch/store.ts';
import { keepBundle } from './webhook/keep-bundle.ts';

const random = Math.random;
/** Between two tries of what needs the API server at the start (ms). */
const RETRY_MS = 1_000;

export interface Operator {
  /** Hands over and ends in order. */
  end(): Promise<void>;
}

/** @throws Error when a listener cannot be opened, or there is no cluster to be found. */
export async function startOperator(config: Config, log: Logger): Promise<Operator> {
  const metrics = new MetricsRegistry();
  registerProcessMetrics(metrics);
  const denials = newDenials(metrics, log);
  const client = notingDenials(newKubeClient(connectionFrom(config.kubeconfig)), denials);
  const replica = `${hostname()}-${randomBytes(4).toString('hex')}`.toLowerCase().replaceAll(/[^-a-z0-9]/g, '-');
  let replicas: Replicas | null = null;
  const mayWrite = (): boolean => (config.lease === null ? true : (replicas?.mayWrite ?? false));
  const { publisher, controller, news } = buildCore({
    client,
    config,
    replica,
    mayWrite,
    metrics,
    log,
  });

  // The first to open: a pod that waits for the API server is seen to live.
  let listening = false;
  const ready = (): boolean => listening && controller.ready;
  const admin = await openAdmin(config, { ready, metrics, denials });
  const running = controller.run();
  const { certificates, keeper } = await openCertificates(config, client, log);
  if (config.caFile !== null) await keepFile(config.caFile, certificates, log);
  const lead = [() => controller.lead(), () => news.newsroom.begin(publisher.podUids())];
  replicas = await joinReplicas(config, {
    replica,
    client,
    keeper,
    certificates,
    publisher,
    log,
    lead: () => lead.forEach((begin) => begin()),
  });
  const { bundles, webhook } = buildInjection({ client, config, certificates, controller, mayWrite, metrics, log });
  const publishing = await startPublishing({
    kube: client,
    certificates,
    serve: config.serve,
    webhook: config.webhook,
    ...webhook,
    registry: publisher.registry,
    caches: controller,
    metrics,
    log,
    clock,
    timers,
  });
  const bundle =
    config.webhookConfiguration === null
      ? null
      : keepBundle({ client, name: config.webhookConfiguration, certificates, mayWrite, timers, log });
  lead.push(
    () => bundle?.now(),
    () => bundles.now(),
  );
  listening = true;
  log.info('listening', { serve: publishing.port, webhook: publishing.webhookPort, admin: admin?.port ?? null });
  return {
    async end() {
      log.info('ending');
      listening = false;
      // Another replica writes before this one's sidecars come to it.
      await replicas?.stop();
      bundle?.end();
      bundles.end();
      await publishing.close();
      controller.stop();
      await running;
      await news.stop();
      await Promise.all([client.close(), admin?.close()]);
    },
  };
}

/** null: closed. */
async function openAdmin(
  { admin }: Config,
  { ready, metrics, denials }: { ready: () => boolean; metrics: MetricsRegistry; denials: { list: string[] } },
): Promise<Awaited<ReturnType<typeof startAdmin>> | null> {
  if (admin === null) return null;
  return startAdmin({
    ...admin,
    ready,
    renderMetrics: () => metrics.render(),
    more: { '/readyz': { method: 'GET', access: 'public', reply: () => readiness(ready(), denials.list) } },
  });
}

/** What the API server does not allow makes nobody unready by itself: sidecars would lose the little that there is. */
function readiness(ready: boolean, denied: readonly string[]): Reply {
  const lines = [ready ? 'ready' : 'not ready', ...denied.map((what) => `not allowed by the API server: ${what}`)];
  return { status: ready ? 200 : 503, type: 'text/plain; charset=utf-8', body: `${lines.join('\n')}\n` };
}

interface CoreParts {
  client: KubeClient;
  config: Config;
  replica: string;
  mayWrite: () => boolean;
  metrics: MetricsRegistry;
  log: Logger;
}

/** What decides, and whom it tells. */
function buildCore({ client, config, replica, mayWrite, metrics, log }: CoreParts): {
  publisher: ReplicatedPublisher;
  controller: Controller;
  news: RunningNews;
} {
  const tools = { client, clock, timers, random, log };
  const publisher = new ReplicatedPublisher({
    clock,
    events: {
      changed(podUid) {
        controller.reported(podUid);
        news.newsroom.reported(podUid);
      },
    },
  });
  const controller: Controller = new Controller({
    ...tools,
    publisher,
    leading: mayWrite,
    operatorNamespace: config.namespace,
    injection: config.injection,
    onStatus: (source, before, after) => news.newsroom.statusWritten(sourceSubject(source), before, after),
    informerWatcher: informerWatcher(metrics, log),
    queueWatcher: queueWatcher(metrics, log),
  });
  const news: RunningNews = startNews({
    ...tools,
    natsUrl: config.natsUrl,
    replica,
    publisher,
    pods: controller.fleet,
    mayWrite,
  });
  registerControllerGauges(metrics, controller, { leading: mayWrite, connected: () => publisher.connected() });
  return { publisher, controller, news };
}

interface InjectionParts extends Pick<CoreParts, 'client' | 'config' | 'mayWrite' | 'metrics' | 'log'> {
  certificates: CertificateSource;
  controller: Controller;
}

/** What puts sidecars into pods, and what those need to be there. */
function buildInjection(parts: InjectionParts): {
  bundles: CaBundles;
  webhook: Pick<PublishingOptions, 'reviewPod'>;
} {
  const { client, config, certificates, controller, mayWrite, metrics, log } = parts;
  const bundles = new CaBundles({
    ...{ client, certificates, mayWrite, clock, timers, log },
    stored: (namespace) => controller.watches.bundles.get(keyOf({ namespace, name: CA_NAME })),
    needed: () => controller.fleet.namespacesWith(({ sidecar, ending }) => sidecar.kind === 'injected' && !ending),
  });
  const { injection } = config;
  if (injection === null) return { bundles, webhook: {} };
  const injector = newInjector({ injection, caches: controller, bundles, client, clock, timers, metrics, log });
  return { bundles, webhook: { reviewPod: (body) => reviewPod(body, injector) } };
}

interface ReplicaParts {
  /** The name of this replica. */
  replica: string;
  client: KubeClient;
  keeper: Pick<AuthorityKeeper, 'read'>;
  certificates: CertificateSource;
  publisher: ReplicatedPublisher;
  log: Logger;
  /** This replica may write from now on. */
  lead: () => void;
}

/** null: this replica is alone. */
async function joinReplicas({ lease, relay, advertise }: Config, parts: ReplicaParts): Promise<Replicas | null> {
  if (lease === null) return null;
  const { log, lead, ...others } = parts;
  return persistently(log, 'cannot join the other replicas yet', () =>
    Replicas.start({
      ...others,
      lease,
      listen: { ...relay, advertisedHost: advertise ?? hostname() },
      clock,
      timers,
      random,
      log,
      onMayWrite(mayWrite) {
        log.info(mayWrite ? 'this replica writes' : 'this replica writes no longer');
        if (mayWrite) lead();
      },
    }),
  );
}

/** Those of a folder, or the operator's own. `keeper`: what replicas know each other by. */
async function openCertificates(
  { tlsDir, namespace, hosts }: Config,
  client: KubeClient,
  log: Logger,
): Promise<{ certificates: CertificateSource; keeper: Pick<AuthorityKeeper, 'read'> }> {
  if (tlsDir !== null) {
    const certificates = await FolderCertificates.begin({ folder: tlsDir, clock });
    return { certificates, keeper: certificates };
  }
  const keeper = namespace === null ? newMemoryKeeper() : newSecretKeeper(client, namespace);
  const begin = () => Certificates.begin({ keeper, hosts, clock });
  return { certificates: await persistently(log, 'no certificates yet', begin), keeper };
}

/** An API server that is away now will be there later, and until then there is nothing else to do. */
async function persistently<T>(log: Logger, complaint: string, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      log.warn(complaint, { error });
      await new Promise((resolve) => void setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Keeps a file equal to what is to be trusted; a reader never sees half of it. */
async function keepFile(path: string, certificates: CertificateSource, log: Logger): Promise<void> {
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
