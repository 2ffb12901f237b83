/**
 * The service behind every proxy, as cheap as Node can be, so that what is measured is the proxy. It understands exactly
 * what the benchmarks send:
 *   GET /users/…    200 bytes of JSON
 *   POST …          the same, once the whole body has come (by `Content-Length`)
 *   GET /reports/…  1 MiB
 *   GET /sockets/…  a WebSocket that sends each short text frame back
 * usage: node upstream.ts PORT SOCKET
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const pathAt = 'GET /'.length;
const letterU = 0x75;

const text = JSON.stringify({ id: 42, email: 'ada.lovelace@example.com', note: '' });
const user = answerOf(
  'application/json; charset=utf-8',
  text.replace('"note":""', `"note":"${'x'.repeat(200 - text.length)}"`),
);
const report = answerOf('application/octet-stream', 'x'.repeat(2 ** 20));

function answerOf(contentType: string, body: string): Buffer {
  const fields = [
    `content-type: ${contentType}`,
    `date: ${new Date().toUTCString()}`,
    `content-length: ${body.length}`,
  ];
  return Buffer.from(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n${body}`);
}

function serve(socket: Socket): void {
  let pending = ''; // a head that has not come whole
  let bodyLeft = 0; // bytes of a request's body still to come
  socket.on('error', () => socket.destroy());

  const onHead = (head: string): void => {
    if (head.startsWith('GET /users/')) socket.write(user);
    else if (head.startsWith('GET /reports/')) socket.write(report);
    else if (head.startsWith('GET /sockets/')) echoFrames(socket, head, onData);
    else {
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`not understood: ${head}`);
      bodyLeft = Number(length);
    }
  };

  function onData(piece: Buffer): void {
    // The usual case: one whole head.
    if (
      pending === '' &&
      bodyLeft === 0 &&
      piece[pathAt] === letterU &&
      piece.indexOf(headEnd) === piece.length - headEnd.length
    ) {
      socket.write(user);
      return;
    }
    let at = 0;
    while (at < piece.length) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, piece.length - at);
        bodyLeft -= taken;
        at += taken;
        if (bodyLeft === 0) socket.write(user);
        continue;
      }
      const before = pending.length;
      pending += piece.toString('latin1', at);
      const end = pending.indexOf('\r\n\r\n', Math.max(0, before - 3));
      if (end < 0) return;
      at += end + headEnd.length - before;
      const head = pending;
      pending = '';
      onHead(head.slice(0, end));
    }
  }
  socket.on('data', onData);
}

/** Short frames (under 126 bytes) whose mask is zero, so that the payload goes back as it came. */
function echoFrames(socket: Socket, head: string, replaced: (piece: Buffer) => void): void {
  const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`);
  let rest: Buffer = Buffer.alloc(0);
  socket.off('data', replaced);
  socket.on('end', () => socket.end());
  socket.on('data', (piece: Buffer) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= 6) {
      const length = (rest[1] ?? 0) & 0x7f;
      if (rest.length < 6 + length) return;
      socket.write(Buffer.concat([Buffer.from([0x81, length]), rest.subarray(6, 6 + length)]));
      rest = rest.subarray(6 + length);
    }
  });
}

createServer({ noDelay: true }, serve).listen(Number(process.argv[2]), '127.0.0.1');
createServer(serve).listen(process.argv[3]);
