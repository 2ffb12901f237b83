import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { newFolder } from './settings.ts';
import { until } from './until.ts';

/** A message as it came from the server. */
export interface HeardMessage {
  subject: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

/** A real nats-server, on loopback unless told otherwise, that can be killed and started again at its port. */
export class NatsServer {
  readonly port: number;
  readonly #host: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | null = null;
  #removeStore = async (): Promise<void> => {};

  private constructor(host: string, port: number, flags: readonly string[]) {
    this.#host = host;
    this.port = port;
    this.#flags = flags;
  }

  static async start(flags: readonly string[] = [], host = '127.0.0.1'): Promise<NatsServer> {
    const probe = createServer().listen(0, host);
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const server = new NatsServer(host, port, flags);
    await server.start();
    return server;
  }

  /** With JetStream, whose streams outlive a kill. */
  static async startJetStream(): Promise<NatsServer> {
    const folder = await newFolder();
    const server = await NatsServer.start(['-js', '-sd', folder.path]);
    server.#removeStore = () => folder.remove();
    return server;
  }

  get url(): string {
    return `nats://${this.#host}:${this.port}`;
  }

  async start(): Promise<void> {
    const flags = ['-a', this.#host, '-p', String(this.port), ...this.#flags];
    this.#process = spawn('nats-server', flags, { stdio: 'ignore' });
    await until('nats-server listens', () => canConnect(this.#host, this.port));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#removeStore();
  }

  /** Hears all messages on these subjects, by the plain protocol: independent of the client that sends. */
  async listen(subject: string, credentials: object = {}): Promise<NatsListener> {
    const socket = connect(this.port, this.#host);
    const listener = new NatsListener(socket);
    const options = { verbose: false, pedantic: false, headers: true, protocol: 1, ...credentials };
    socket.write(`CONNECT ${JSON.stringify(options)}\r\nSUB ${subject} 1\r\nPING\r\n`);
    await until('the subscription holds', () => listener.ready);
    return listener;
  }
}

export class NatsListener {
  readonly heard: HeardMessage[] = [];
  ready = false;
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#next());
    });
    socket.on('error', () => {});
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Takes one operation of the protocol; false: it is not there in full. */
  #next(): boolean {
    const lineEnd = this.#bytes.indexOf('\r\n');
    if (lineEnd === -1) return false;
    const [operation, ...fields] = this.#bytes.subarray(0, lineEnd).toString().split(/ +/);
    let end = lineEnd + 2;
    if (operation === 'PONG') this.ready = true;
    if (operation === 'PING') this.#socket.write('PONG\r\n');
    if (operation === 'MSG') {
      const totalBytes = Number(fields.at(-1));
      if (this.#bytes.length < end + totalBytes + 2) return false;
      this.heard.push({
        subject: fields[0]!,
        headers: {},
        body: this.#bytes.subarray(end, end + totalBytes).toString(),
      });
      end += totalBytes + 2;
    }
    if (operation === 'HMSG') {
      const [headerBytes, totalBytes] = fields.slice(-2).map(Number) as [number, number];
      if (this.#bytes.length < end + totalBytes + 2) return false;
      const head = this.#bytes.subarray(end, end + headerBytes).toString();
      const body = this.#bytes.subarray(end + headerBytes, end + totalBytes).toString();
      this.heard.push({ subject: fields[0]!, headers: headersOf(head), body });
      end += totalBytes + 2;
    }
    this.#bytes = this.#bytes.subarray(end);
    return true;
  }
}

const headersOf = (head: string): Record<string, string> =>
  Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .flatMap((line) => {
        const [, name, value] = /^([^:]+): *(.*)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name.toLowerCase(), value]];
      }),
  ) as Record<string, string>;

const canConnect = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
