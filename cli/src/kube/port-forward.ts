import { type Duplex, duplexPair, Writable } from 'node:stream';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';

/** A port on the loopback address of a pod. */
export interface PodPort {
  namespace: string;
  pod: string;
  /** 1 to 65535. */
  port: number;
}

/** Opens a stream to a port of a pod. Rejects with a message for people. */
export type PodDialer = (port: PodPort) => Promise<Duplex>;

/** Dials as `kubectl port-forward` does, through the API server; it asks for the right to create `pods/portforward`. */
export function portForwarder(config: KubeConfig): PodDialer {
  const forward = new PortForward(config);
  return async ({ namespace, pod, port }) => {
    const [ours, theirs] = duplexPair();
    const complaints = new Writable({
      write(chunk: Buffer, _encoding, done) {
        // The first message of each channel is the number of the port, and what is left of it is nothing.
        if (chunk.length > 0) ours.destroy(new Error(chunk.toString('utf8').trim()));
        done();
      },
    });
    const socket = await forward
      .portForward(namespace, pod, [port], theirs, complaints, theirs)
      .catch((error: unknown) => {
        throw new Error(`it cannot be reached: ${messageOf(error)}`, { cause: error });
      });
    // Without tries again, what comes back is the socket itself.
    if (typeof socket === 'function') throw new Error('it cannot be reached');
    socket.addEventListener('close', () => theirs.end());
    ours.once('close', () => socket.close());
    return ours;
  };
}

/** Of a socket that could not be opened, the client tells an event. */
function messageOf(error: unknown): string {
  const { message } = Object(error) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}
