/**
 * The service behind every proxy: answers each request head with the same 200 bytes of JSON, as cheaply as Node can, so
 * that what is measured is the proxy. It understands exactly what the benchmark sends: heads without bodies.
 * usage: node upstream.ts PORT
 */
import { createServer } from 'node:net';

const text = JSON.stringify({ id: 42, email: 'ada.lovelace@example.com', note: '' });
const body = text.replace('"note":""', `"note":"${'x'.repeat(200 - text.length)}"`);
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n' +
    `date: ${new Date().toUTCString()}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const headEnd = Buffer.from('\r\n\r\n');

createServer({ noDelay: true }, (socket) => {
  let rest = ''; // the start of a head that came in two pieces
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: Buffer) => {
    if (rest === '' && piece.indexOf(headEnd) === piece.length - headEnd.length) {
      socket.write(answer); // the usual case: one whole head
      return;
    }
    const heads = (rest + piece.toString('latin1')).split('\r\n\r\n');
    rest = heads.pop() ?? '';
    for (const _ of heads) socket.write(answer);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
