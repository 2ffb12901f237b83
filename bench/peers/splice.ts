/**
 * A bare TCP splice: bytes from one socket to another, nothing looked at. No proxy on Node's sockets can cost less.
 * usage: node splice.ts PORT UPSTREAM_PORT
 */
import { connect, createServer, type Socket } from 'node:net';

const upstreamPort = Number(process.argv[3]);

function forward(from: Socket, to: Socket): void {
  from.on('data', (piece) => {
    if (!to.write(piece)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  forward(client, upstream);
  forward(upstream, client);
}).listen(Number(process.argv[2]), '127.0.0.1');
