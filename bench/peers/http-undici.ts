/**
 * The proxy that one would write on Node without a second thought: `node:http` in front, a pool of `undici` behind
 * (`Pool.stream`), bodies streamed both ways, hop-by-hop fields removed. No policy, no trace, no metric.
 * usage: node http-undici.ts PORT UPSTREAM_PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { endToEnd } from './end-to-end.ts';

const pool = new Pool(`http://127.0.0.1:${process.argv[3]}`, { pipelining: 1 });

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url: path = '/', headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  pool
    .stream(
      { method, path, headers: endToEnd(headers), body: hasBody ? request : null },
      ({ statusCode, headers: answered }) => response.writeHead(statusCode, endToEnd(answered)),
    )
    .catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
}

createServer(serve).listen(Number(process.argv[2]), '127.0.0.1');
