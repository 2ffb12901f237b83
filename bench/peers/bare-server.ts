/**
 * No proxy: a server of `node:http` that answers by itself, the least that a server on Node can be.
 * usage: node bare-server.ts PORT
 */
import { createServer } from 'node:http';

createServer((_request, response) => response.end('here')).listen(Number(process.argv[2]), '127.0.0.1');
