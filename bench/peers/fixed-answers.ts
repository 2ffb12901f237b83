/**
 * What remains when nothing is evaluated: a server of `node:http` that reads each body to its end and answers with fixed
 * bytes. `ANSWERS`: JSON, by path: the header lines and the body.
 * usage: node fixed-answers.ts PORT ANSWERS
 */
import { createServer } from 'node:http';

const answers = new Map(
  Object.entries(
    JSON.parse(process.argv[3] ?? '{}') as Record<string, { headers: Record<string, string>; body: string }>,
  ),
);

createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { headers, body } = answers.get(request.url ?? '') ?? { headers: {}, body: '' };
    response.writeHead(200, headers);
    response.end(body);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
