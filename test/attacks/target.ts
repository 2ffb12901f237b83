/** The service behind the sidecar that is attacked: answers at once, takes any upload, and has a big answer. Tells its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const big = Buffer.alloc(1 << 20, 'x');
const server = createServer((request, response) => {
  if (request.method === 'GET') response.end(request.url === '/big' ? big : 'ok');
  else request.on('end', () => response.end('taken')).resume();
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
