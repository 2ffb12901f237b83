import { Controller } from '@fusebox/operator/controller.ts';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { PodRegistry } from '@fusebox/operator/publish/publisher.ts';
import { FakeSidecars } from '@fusebox/operator/testing/fake-sidecars.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { systemClock as clock, systemTimers as timers } from '@fusebox/runtime/system-clock.ts';
import { until } from './until.ts';

/** The operator's control loop in this process, against a real API server, with sidecars that need no sockets. */
export class Controlled {
  readonly registry = new PodRegistry({ changed: (podUid) => this.controller.reported(podUid) });
  readonly sidecars = new FakeSidecars(this.registry);
  readonly failures: string[] = [];
  readonly controller: Controller;
  readonly #client;
  #running: Promise<void> = Promise.resolve();

  private constructor(kubeconfigPath: string, leads: boolean) {
    this.#client = newKubeClient(connectionFrom(kubeconfigPath));
    const note = (where: string, error: unknown): void => {
      this.failures.push(`${where}: ${String(error)}`);
    };
    this.controller = new Controller({
      client: this.#client,
      publisher: this.registry,
      clock,
      timers,
      random: Math.random,
      log: newLogger({ level: 'error', wallMs: clock.wallMs, write: () => {} }),
      leading: () => leads,
      operatorNamespace: null,
      injection: null,
      informerWatcher: {
        listed: () => {},
        watchDied: () => {},
        recovered: () => {},
        failed: (plural, error) => note(plural, error),
      },
      queueWatcher: { ended: () => {}, failed: (_lane, key, error) => note(key, error) },
    });
  }

  /** Resolves when the caches are complete. `leads`: may it write status? */
  static async start(kubeconfigPath: string, { leads = true } = {}): Promise<Controlled> {
    const controlled = new Controlled(kubeconfigPath, leads);
    controlled.#running = controlled.controller.run();
    await until('the caches are complete', () => controlled.controller.ready, 30_000).catch((error: unknown) => {
      throw new Error(controlled.failures.join('\n'), { cause: error });
    });
    return controlled;
  }

  async stop(): Promise<void> {
    this.controller.stop();
    await this.#running;
    await this.#client.close();
  }
}
