/**
 * The ConfigMap `fusebox-ca` in every namespace with an injected pod: what sidecars trust the operator by. A pod finds it when it
 * starts, since it is made before the pod is; and it is kept current, also where somebody else changed it.
 */
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { type KubeObject, resources } from '../kube/resource.ts';
import type { CertificateSource } from '../pki/certificate-source.ts';
import { BUNDLE_KEY, CA_NAME } from '../pki/secret-keeper.ts';
import { FIELD_MANAGER, MANAGED } from '../reconcile/kept-objects.ts';

/** How often all namespaces are looked at (ms). */
const EVERY_MS = 5_000;
/** A pod waits so long (ms) at most: without the ConfigMap its sidecar starts all the same, and reads it when it comes. */
const PATIENCE_MS = 2_000;
/** What was written is seen by the watch within this time (ms). */
const SEEN_WITHIN_MS = 10_000;

export interface CaBundlesOptions {
  client: Pick<KubeClient, 'apply'>;
  certificates: CertificateSource;
  /** What stands in the ConfigMap of a namespace now; null: there is none. */
  stored(namespace: string): string | null;
  /** Namespaces with injected pods. */
  needed(): readonly string[];
  /** May this replica write? */
  mayWrite: () => boolean;
  clock: Clock;
  timers: Timers;
  log: Logger;
}

export class CaBundles {
  readonly #options: CaBundlesOptions;
  /** By namespace; `instead`: what stood there before. */
  readonly #written = new Map<string, { bundle: string; instead: string | null; atMs: number }>();
  readonly #forget: () => void;
  #cancel: () => void = () => {};
  #ended = false;

  constructor(options: CaBundlesOptions) {
    this.#options = options;
    this.#forget = options.certificates.onChange(() => this.now());
    this.now();
  }

  /** A pod is about to start there. Resolves soon, whatever comes of it; every replica does this. */
  async provide(namespace: string): Promise<void> {
    const { timers } = this.#options;
    let cancel = (): void => {};
    const patience = new Promise<void>((resolve) => (cancel = timers.after(PATIENCE_MS, resolve)));
    await Promise.race([this.#write(namespace), patience]);
    cancel();
  }

  /** Looks after all namespaces, and goes on doing so until `end`. */
  now(): void {
    this.#cancel();
    void this.#look().finally(() => {
      if (this.#ended) return;
      this.#cancel();
      this.#cancel = this.#options.timers.after(EVERY_MS, () => this.now());
    });
  }

  end(): void {
    this.#ended = true;
    this.#cancel();
    this.#forget();
  }

  async #look(): Promise<void> {
    const { needed, mayWrite } = this.#options;
    if (!mayWrite()) return;
    for (const namespace of needed()) await this.#write(namespace);
  }

  /** Never rejects. */
  async #write(namespace: string): Promise<void> {
    const { client, certificates, stored, clock, log } = this.#options;
    const { bundle } = certificates.current;
    const instead = stored(namespace);
    if (instead === bundle) {
      this.#written.delete(namespace);
      return;
    }
    const written = this.#written.get(namespace);
    const isOnItsWay = written?.bundle === bundle && written.instead === instead;
    if (isOnItsWay && clock.nowMs() - written.atMs < SEEN_WITHIN_MS) return;
    const object: KubeObject = {
      metadata: { namespace, name: CA_NAME, labels: MANAGED },
      data: { [BUNDLE_KEY]: bundle },
    };
    try {
      await client.apply(resources.configMaps, object, { fieldManager: FIELD_MANAGER, force: true });
      this.#written.set(namespace, { bundle, instead, atMs: clock.nowMs() });
      log.info('sidecars of a namespace are told what to trust', { namespace });
    } catch (error) {
      log.warn('sidecars of a namespace cannot be told what to trust', { namespace, error });
    }
  }
}
