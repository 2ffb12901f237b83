import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { type Cluster, ClusterError } from './cluster.ts';
import { messageOf, parsed } from '../reply.ts';

const TIMEOUT_MS = 10_000;

/** Which API server, and as whom. */
export interface Access {
  /** null: as kubectl finds it, by `KUBECONFIG`, `~/.kube/config`, or from inside a pod. */
  kubeconfig: string | null;
  /** null: the current context. */
  context: string | null;
}

/** Reads the kubeconfig. @throws ClusterError (unavailable) */
export function readKubeconfig({ kubeconfig, context }: Access): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === null) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new ClusterError('unavailable', `the kubeconfig cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (context !== null) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new ClusterError('unavailable', `there is no context "${context}"; known are ${known.join(', ')}`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

/** The cluster that a kubeconfig names; nothing is asked of its server yet. @throws ClusterError (unavailable) */
export function connect(config: KubeConfig): Cluster {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new ClusterError('unavailable', 'the kubeconfig names no cluster');
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  return {
    server,
    namespace,
    get: (path) => send(config, server, { method: 'GET', path }),
    create: (path, body) => send(config, server, { method: 'POST', path, body }),
  };
}

interface Sending {
  method: 'GET' | 'POST';
  path: string;
  body?: object | undefined;
}

async function send(config: KubeConfig, server: string, { method, path, body }: Sending): Promise<unknown> {
  const { status, content } = await answerTo(config, server, { method, path, body }).catch((error: unknown) => {
    throw new ClusterError('unavailable', `${server} does not answer: ${messageOf(error)}`, { cause: error });
  });
  if (status === 404) return null;
  const answer = parsed(content);
  if (status < 300 && answer !== null) return answer;
  const { message } = Object(answer) as { message?: unknown };
  const words = typeof message === 'string' ? message : `${method} ${path} was answered by ${status}`;
  throw new ClusterError(status === 401 || status === 403 ? 'forbidden' : 'failed', words);
}

async function answerTo(
  config: KubeConfig,
  server: string,
  { method, path, body }: Sending,
): Promise<{ status: number; content: string }> {
  const options: RequestOptions = { method, signal: AbortSignal.timeout(TIMEOUT_MS) };
  // For each request anew: a token that a command gave may have run out meanwhile.
  await config.applyToHTTPSOptions(options);
  // A server behind a prefix, as a proxy's, keeps its prefix.
  const url = new URL(`${server.replace(/\/+$/, '')}${path}`);
  const headers = {
    ...(options.headers as OutgoingHttpHeaders),
    accept: 'application/json',
    'content-type': 'application/json',
  };
  const sent = request(url, { ...options, headers });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, content: await text(answer) };
}
