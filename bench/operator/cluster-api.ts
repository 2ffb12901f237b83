import { Agent, request } from 'undici';
import type { Access } from '../../test/cluster/api/kubeconfig.ts';

/** Requests at once when many are to be made (count). */
const places = 32;

/** An object, as far as benchmarks look at it. */
export interface ApiObject {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string; generation?: number };
  status?: unknown;
}

/** A client of the API server that keeps its connections: what is measured is the server's time, not that of handshakes. */
export class ClusterApi {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    this.#access = access;
    const { ca, credentials } = access;
    const user = credentials === undefined ? {} : { cert: credentials.certificate, key: credentials.key };
    this.#agent = new Agent({ allowH2: false, bodyTimeout: 0, connect: { ca, ...user } });
  }

  /** @throws Error with the answer when its status is 300 or more. */
  async call<T = ApiObject>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
    const { statusCode, body: answer } = await request(new URL(path, this.#access.server), {
      method,
      dispatcher: this.#agent,
      headers: {
        ...this.#authorization(),
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  /** Tells of every change of one object, at the moment at which its bytes have come; the function that is returned ends it. */
  async watch(list: string, name: string, onChange: (object: ApiObject) => void): Promise<() => void> {
    const { metadata } = await this.call('GET', `${list}/${name}`);
    const query = `watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${metadata.resourceVersion}`;
    const ending = new AbortController();
    const { statusCode, body } = await request(new URL(`${list}?${query}`, this.#access.server), {
      dispatcher: this.#agent,
      headers: this.#authorization(),
      signal: ending.signal,
    });
    if (statusCode !== 200) throw new Error(`watch ${list}: ${statusCode} ${await body.text()}`);
    let pending = '';
    body.setEncoding('utf8').on('error', () => {}); // its end is no error to whoever ends it
    body.on('data', (text: string) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) onChange((JSON.parse(line) as { object: ApiObject }).object);
    });
    return () => ending.abort();
  }

  /** Does something for each number below `count`, many at once; results are in the order of the numbers. */
  async forEach<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) {
        const index = next++;
        results[index] = await work(index);
      }
    };
    await Promise.all(Array.from({ length: places }, worker));
    return results;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #authorization(): Record<string, string> {
    const { token } = this.#access;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }
}
