import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands between the sidecar and the service and counts what truly reaches the service, so that the sidecar's promises are
 * not judged by the sidecar's own figures alone. It passes everything on.
 */
export class Witness {
  /** Requests to `/users` that the service got (count). */
  received = 0;
  /** Those that it has not answered (count), and the most since `forget`. */
  inFlight = 0;
  maxInFlight = 0;
  /** The headers of the newest request that carried this `x-request-id`. */
  readonly headersOf = new Map<string, IncomingHttpHeaders>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, outgoing) => this.#passOn(incoming, outgoing));
  #servicePort = 0;

  /** Resolves to the port it listens on. */
  async start(servicePort: number): Promise<number> {
    this.#servicePort = servicePort;
    this.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => this.#server.once('listening', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Begins a new measurement of `maxInFlight`. */
  forget(): void {
    this.maxInFlight = this.inFlight;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  #passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ended = this.#count(incoming);
    const { url: path, method, headers } = incoming;
    const onward = { host: '127.0.0.1', port: this.#servicePort, path, method, agent: this.#agent };
    const service = request({ ...onward, headers: endToEnd(headers) }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.once('end', ended); // before the sidecar sees the last byte and sends the next
      answer.pipe(outgoing);
    });
    service.once('error', () => outgoing.destroy());
    outgoing.once('close', () => {
      ended();
      if (!outgoing.writableFinished) service.destroy();
    });
    incoming.pipe(service);
  }

  /** Counts one in, and hands back what counts it out, once. */
  #count({ url, headers }: IncomingMessage): () => void {
    const id = headers['x-request-id'];
    if (typeof id === 'string' && id.startsWith('demo-')) this.headersOf.set(id, headers);
    if (url === undefined || !url.startsWith('/users')) return () => {};
    this.received++;
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    let open = true;
    return () => {
      if (open) this.inFlight--;
      open = false;
    };
  }
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const endToEnd = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
