import { request } from 'node:http';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';

/** A preStop hook must not hang on a sidecar that does not answer. */
const timeoutMs = 5_000;

/** Where to reach from this machine what listens on `host`. */
function dialHost(host: string | null): string {
  if (host === null || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/**
 * Tells the sidecar whose admin listener is at `admin` to drain; resolves when it has begun to.
 * @throws Error with a message for people when nobody answers, or not with 202.
 */
export function sendDrain(admin: ListenAddress): Promise<void> {
  const host = dialHost(admin.host);
  const shown = `${host.includes(':') ? `[${host}]` : host}:${admin.port}`;
  return new Promise((resolve, reject) => {
    const post = request(
      { host, port: admin.port, method: 'POST', path: '/drain', headers: { host: 'localhost' }, agent: false },
      (response) => {
        response.resume();
        const { statusCode } = response;
        if (statusCode === 202) resolve();
        else reject(new Error(`${shown} answered POST /drain with ${statusCode}, not 202`));
      },
    );
    post.setTimeout(timeoutMs, () => post.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    post.on('error', (cause) => {
      const message = `no sidecar could be told to drain at ${shown}: ${cause.message}; --admin says where it is`;
      reject(new Error(message, { cause }));
    });
    post.end();
  });
}
