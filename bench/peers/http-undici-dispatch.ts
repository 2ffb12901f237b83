/**
 * The same proxy by someone who counts: `undici`'s lowest interface (`Pool.dispatch`), without its promise and its streams.
 * usage: node http-undici-dispatch.ts PORT UPSTREAM_PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { endToEnd } from './end-to-end.ts';

const pool = new Pool(`http://127.0.0.1:${process.argv[3]}`, { pipelining: 1 });

const handlerFor = (response: ServerResponse): Dispatcher.DispatchHandler => ({
  onRequestStart: () => {},
  onResponseStart: (_controller, status, headers) => void response.writeHead(status, endToEnd(headers)),
  onResponseData(controller, piece) {
    if (response.write(piece)) return;
    controller.pause();
    response.once('drain', () => controller.resume());
  },
  onResponseEnd: () => void response.end(),
  onResponseError() {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  },
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url: path = '/', headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const options = { method, path, headers: endToEnd(headers) };
  pool.dispatch({ ...options, body: hasBody ? request : null }, handlerFor(response));
}

createServer(serve).listen(Number(process.argv[2]), '127.0.0.1');
