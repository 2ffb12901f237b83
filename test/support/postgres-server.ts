import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, globSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { newFolder } from './settings.ts';
import { until } from './until.ts';

/** Where `postgres` and its tools are: on the path, or where Debian keeps them; null: nowhere. */
export function postgresFolder(): string | null {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((one, other) => versionOf(other) - versionOf(one));
  const folders = [...debian, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => isFile(join(folder, 'initdb')) && isFile(join(folder, 'postgres'))) ?? null;
}

const versionOf = (folder: string): number => Number(/\/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** PostgreSQL refuses to run as root: whom to be instead. Empty for everybody else. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'nobody']).stdout.toString()));
  return { uid: uid!, gid: gid! };
}

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGQUIT')));

/** A real PostgreSQL on loopback, with nothing in it, that can be stopped and started again at its port. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: { path: string; remove(): Promise<void> };
  readonly #settings: readonly string[];
  #process: ChildProcess | null = null;
  #databases = 0;

  private constructor(port: number, folder: { path: string; remove(): Promise<void> }, settings: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  /**
   * @param settings such as `max_connections=20`
   * @param host a further address of this machine to listen on, for whoever comes from there: such as pods
   */
  static async start(settings: readonly string[] = [], host?: string): Promise<PostgresServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const folder = await newFolder();
    const { uid, gid } = owner();
    if (uid !== undefined && gid !== undefined) chownSync(folder.path, uid, gid);
    const addresses = host === undefined ? [] : [`listen_addresses=127.0.0.1,${host}`];
    const server = new PostgresServer(port, folder, [...addresses, ...settings]);
    server.#run('initdb', ['-D', server.#data, '-U', 'tests', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']);
    if (host !== undefined) appendFileSync(join(server.#data, 'pg_hba.conf'), 'host all all all trust\n');
    await server.start();
    return server;
  }

  get #data(): string {
    return join(this.#folder.path, 'data');
  }

  /** Of the database that is there from the start. */
  get url(): string {
    return this.#urlOf('postgres');
  }

  /** The URL of a new, empty database, as somebody knows it who reaches this machine at `host`. */
  newDatabase(host?: string): string {
    const name = `test${++this.#databases}`;
    this.#run('createdb', ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'tests', name]);
    return this.#urlOf(name, host);
  }

  async start(): Promise<void> {
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${this.#folder.path}`];
    const child = spawn(
      join(postgresFolder()!, 'postgres'),
      ['-D', this.#data, '-p', String(this.port), ...[...settings, ...this.#settings].flatMap((it) => ['-c', it])],
      { stdio: 'ignore', cwd: this.#folder.path, ...owner() },
    );
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#process = child;
    const ready = ['-q', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'tests', '-d', 'postgres'];
    await until('PostgreSQL answers', () => spawnSync(join(postgresFolder()!, 'pg_isready'), ready).status === 0);
  }

  /** `fast` ends the connections first; `immediate` is a crash. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    await this.#folder.remove();
  }

  #urlOf(database: string, host = '127.0.0.1'): string {
    return `postgres://tests@${host}:${this.port}/${database}`;
  }

  #run(program: string, args: readonly string[]): void {
    const path = join(postgresFolder()!, program);
    const { status, stderr } = spawnSync(path, args, { cwd: this.#folder.path, encoding: 'utf8', ...owner() });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  }
}
