import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { spelledReading } from './reading.ts';

/** Reads a request and answers with what was read. `spell` makes the reading of it. */
function answering(
  spell: (request: IncomingMessage, body: string) => string,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (piece: string) => (body += piece));
    request.on('end', () => response.writeHead(200, { 'x-read': spell(request, body), 'content-length': 0 }).end());
  };
}

/** Node's own parser, strict as it is by default. */
export function nodeBackEnd(): Server {
  const answer = answering((request, body) =>
    spelledReading(request.method!, request.url!, request.headers.host ?? '', body),
  );
  return createServer({ maxHeaderSize: 100_000 }, answer).on('checkContinue', (request, response) => {
    response.writeContinue();
    answer(request, response);
  });
}

/** Stands behind nginx, which says in fields what it read, and hands on the body that it read. */
export function nginxRecorder(): Server {
  const field = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');
  return createServer(
    { maxHeaderSize: 200_000 },
    answering((request, body) =>
      spelledReading(
        field(request, 'x-read-method'),
        field(request, 'x-read-target'),
        field(request, 'x-read-host'),
        body,
      ),
    ),
  );
}
