/**
 * Takes spans by OTLP/HTTP and throws them away, as cheaply as it can.
 * usage: node otlp-sink.ts PORT
 */
import { createServer } from 'node:http';

createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
}).listen(Number(process.argv[2]), '127.0.0.1');
