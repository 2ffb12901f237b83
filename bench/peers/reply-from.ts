/**
 * `@fastify/reply-from`, as a Fastify service would forward with it: bodies streamed, nothing logged, a pool of `undici`.
 * usage: node reply-from.ts PORT UPSTREAM_PORT
 */
import replyFrom from '@fastify/reply-from';
import fastify from 'fastify';

const app = fastify({ logger: false });
await app.register(replyFrom, {
  base: `http://127.0.0.1:${process.argv[3]}`,
  undici: { connections: 256, pipelining: 1 },
  disableRequestLogging: true,
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
app.all('/*', async (request, reply) => reply.from(request.raw.url));
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
