import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { newMemoryKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { Certificates } from '@fusebox/operator/pki/certificates.ts';
import { systemClock as clock } from '@fusebox/runtime/system-clock.ts';
import { writeKubeconfig } from '../cluster/api/kubeconfig.ts';
import { newFolder } from './settings.ts';

/** A pod: what the API server says of it, and where connections forwarded to its port 4142 go; null: nothing listens there. */
export interface ForwardedPod {
  object: { metadata: { name: string } };
  port: number | null;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const PODS = '/api/v1/namespaces/shop/pods';
const BINARY = 0x82;

/**
 * The part of an API server, with the kubelets behind it, that `kubectl port-forward` needs: pods of the namespace `shop`, and
 * their ports over WebSocket (RFC 6455; protocol v4.channel.k8s.io: the first byte of a message is its channel, 0 for data and 1
 * for errors, and the first message of each channel is the port).
 */
export class PortForwardServer {
  readonly kubeconfig: string;
  /** Forwarding is refused with this status; null: it is not. */
  refuses: number | null = null;
  readonly #close: () => Promise<void>;

  private constructor(kubeconfig: string, close: () => Promise<void>) {
    this.kubeconfig = kubeconfig;
    this.#close = close;
  }

  static async start(pods: readonly ForwardedPod[]): Promise<PortForwardServer> {
    const { current } = await Certificates.begin({ keeper: newMemoryKeeper(), clock, hosts: ['127.0.0.1'] });
    const server = createServer({ key: current.serving.key, cert: current.serving.certificate });
    server.on('request', (request, response) => {
      const items = request.url === PODS ? pods.map(({ object }) => object) : null;
      response.writeHead(items === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const folder = await newFolder();
    const kubeconfig = join(folder.path, 'kubeconfig');
    const { port } = server.address() as AddressInfo;
    writeKubeconfig(kubeconfig, { server: `https://127.0.0.1:${port}`, ca: current.bundle, token: 'token' });
    const self = new PortForwardServer(kubeconfig, async () => {
      server.closeAllConnections();
      server.close();
      await folder.remove();
    });
    server.on('upgrade', (request, socket: Duplex) => {
      socket.on('error', () => {});
      const name = /\/pods\/([^/]+)\/portforward\?ports=4142$/.exec(request.url ?? '')?.[1];
      const pod = pods.find(({ object }) => object.metadata.name === name);
      if (self.refuses !== null || pod === undefined) {
        socket.end(`HTTP/1.1 ${self.refuses ?? 404} Refused\r\nConnection: close\r\n\r\n`);
      } else {
        accept(socket, request.headers['sec-websocket-key'] ?? '');
        forward(socket, pod.port);
      }
    });
    return self;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

function accept(socket: Duplex, key: string): void {
  const proof = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  lines.push(`Sec-WebSocket-Accept: ${proof}`, 'Sec-WebSocket-Protocol: v4.channel.k8s.io');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function forward(socket: Duplex, port: number | null): void {
  const say = (channel: number, content: Buffer | string): void => {
    const message = Buffer.concat([Buffer.of(channel), Buffer.from(content)]);
    const long = message.length > 125;
    const head = Buffer.alloc(long ? 4 : 2);
    head[0] = BINARY;
    head[1] = long ? 126 : message.length;
    if (long) head.writeUInt16BE(message.length, 2);
    socket.write(Buffer.concat([head, message]));
  };
  for (const channel of [0, 1]) say(channel, Buffer.of(4142 & 0xff, 4142 >> 8));
  const target: Socket = connect(port ?? 1, '127.0.0.1');
  // Messages of one length field of two bytes.
  target.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += 60_000) say(0, bytes.subarray(at, at + 60_000));
  });
  target.on('error', (error) => say(1, `an error occurred forwarding 4142: ${error.message}`));
  target.on('close', () => socket.end());
  socket.on('close', () => target.destroy());
  let held = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    for (let frame = frameIn(held); frame !== null; frame = frameIn(held)) {
      held = held.subarray(frame.end);
      if (frame.kind === BINARY) target.write(frame.content.subarray(1));
      else target.destroy();
    }
  });
}

/** The first frame of a client, unmasked; null: it is not there in full. */
function frameIn(bytes: Buffer): { kind: number; content: Buffer; end: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const from = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < from + 4) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const end = from + 4 + length;
  if (bytes.length < end) return null;
  const mask = bytes.subarray(from, from + 4);
  const content = Buffer.from(bytes.subarray(from + 4, end)).map((byte, at) => byte ^ mask[at % 4]!);
  return { kind: bytes[0]!, content: Buffer.from(content), end };
}
