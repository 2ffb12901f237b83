/**
 * How to reach the API server and as whom. Credentials are `@kubernetes/client-node`'s business: tokens in files that are
 * renewed, programs that make tokens, certificates; they are asked for with every request, since all of them change.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** Within this time (ms) a connection must be there. */
const CONNECT_TIMEOUT_MS = 5_000;

/** An API server, and what to send along. */
export interface Connection {
  /** Such as `https://10.0.0.1:443`. */
  readonly server: string;
  /** For the next request; rejects when credentials cannot be had. */
  open(): Promise<{ dispatcher: Dispatcher; headers: Record<string, string> }>;
  close(): Promise<void>;
}

/** From a kubeconfig file, or null: from within a pod. @throws Error when there is no cluster to be found there. */
export function connectionFrom(kubeconfig: string | null): Connection {
  const config = new KubeConfig();
  if (kubeconfig === null) config.loadFromCluster();
  else config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfig ?? 'the pod'} has no current cluster`);
  return new KubeConfigConnection(config, cluster.server, cluster.proxyUrl);
}

class KubeConfigConnection implements Connection {
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #proxyUrl: string | undefined;
  #dispatcher: { key: string; agent: Dispatcher } | null = null;

  constructor(config: KubeConfig, server: string, proxyUrl: string | undefined) {
    this.#config = config;
    this.server = server.replace(/\/$/, '');
    this.#proxyUrl = proxyUrl;
  }

  async open(): Promise<{ dispatcher: Dispatcher; headers: Record<string, string> }> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value);
    if (typeof options.auth === 'string') {
      headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    return { dispatcher: this.#dispatcherFor(options), headers };
  }

  /** One pool of connections, until the certificates change. */
  #dispatcherFor({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): Dispatcher {
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
    );
    const identity = JSON.stringify(tls);
    if (this.#dispatcher?.key === identity) return this.#dispatcher.agent;
    void this.#dispatcher?.agent.close();
    // By HTTP/2 all watches would share one connection: one path that goes dead takes all of them along, and again the next.
    const shared = { bodyTimeout: 0, allowH2: false };
    const agent =
      this.#proxyUrl === undefined
        ? new Agent({ ...shared, connect: { ...tls, timeout: CONNECT_TIMEOUT_MS } })
        : new ProxyAgent({ ...shared, uri: this.#proxyUrl, requestTls: tls });
    this.#dispatcher = { key: identity, agent };
    return agent;
  }

  async close(): Promise<void> {
    await this.#dispatcher?.agent.destroy();
    this.#dispatcher = null;
  }
}
