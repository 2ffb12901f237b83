import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { AskableSidecar } from '../ask-sidecar.ts';
import { messageOf, parsed } from '../reply.ts';

const TIMEOUT_MS = 10_000;

/** Where injected sidecars have their local API, on the loopback address of their pods. */
export const LOCAL_PORT = 4142;

/** The sidecar at an address, like `http://127.0.0.1:4142`. */
export function sidecarAt(url: string): AskableSidecar {
  const { hostname, port, host } = new URL(url);
  const options = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port) };
  return { name: host, post: (path, body) => send({ ...options, path }, host, body) };
}

/** The sidecar at the other end of streams that `dial` opens, one for each question. Its pod is called `name`. */
export function sidecarBehind(name: string, dial: () => Promise<Duplex>): AskableSidecar {
  return {
    name,
    async post(path, body) {
      const stream = await within(dial());
      try {
        // It must be a name for its own machine, or the sidecar refuses: pages that rebind their names look like this.
        return await send({ path, createConnection: () => stream }, `127.0.0.1:${LOCAL_PORT}`, body);
      } finally {
        stream.destroy();
      }
    },
  };
}

async function send(options: RequestOptions, host: string, body: object): Promise<{ status: number; body: unknown }> {
  const content = JSON.stringify(body);
  const headers = { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const sent = request({ ...options, method: 'POST', headers, signal });
    sent.end(content);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const reply = await text(answer);
    return { status: answer.statusCode!, body: parsed(reply) };
  } catch (error) {
    throw new Error(`it does not answer: ${signal.aborted ? 'too late' : messageOf(error)}`, { cause: error });
  }
}

async function within(opening: Promise<Duplex>): Promise<Duplex> {
  const ending = AbortSignal.timeout(TIMEOUT_MS);
  // What opens after that is of no use to anybody.
  opening.then((stream) => ending.aborted && stream.destroy()).catch(() => {});
  const late = once(ending, 'abort').then(() => {
    throw new Error('it cannot be reached: too late');
  });
  return Promise.race([opening, late]);
}
