import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { newFolder } from '../support/settings.ts';
import { nginxRecorder, nodeBackEnd } from './node-back-end.ts';
import { startProgram } from './programs.ts';
import { readAnswers, spelledReading, type Readings } from './reading.ts';

export type BackEnd = 'node' | 'haproxy' | 'nginx';
const names: readonly BackEnd[] = ['node', 'haproxy', 'nginx'];

/** Sent behind every request: who has read less or more than that, reads this as something else. */
const PROBE = 'GET /probe HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n';
export const PROBE_READING = spelledReading('GET', '/probe', 'probe', '');
/** Whoever has not ended the connection by then waits for more of a request than there is (ms). */
const PATIENCE_MS = 3_000;

/** One connection to each back end, all given the same bytes. */
interface Session {
  write(bytes: string): void;
  /** Sends the probe, and waits for what each of them says. `isHead`: the request is a HEAD. */
  finish(isHead: boolean): Promise<Record<BackEnd, Readings>>;
  abort(): void;
}

export interface BackEnds {
  open(): Session;
  close(): Promise<void>;
}

interface End {
  readonly socket: Socket;
  text: string;
  ended: boolean;
}

function openEnd(path: string): End {
  const end: End = { socket: createConnection({ path, allowHalfOpen: true }), text: '', ended: false };
  end.socket.on('data', (bytes) => (end.text += bytes.toString('latin1')));
  end.socket.on('end', () => end.socket.destroy());
  end.socket.on('error', () => end.socket.destroy());
  end.socket.on('close', () => {
    end.ended = true;
  });
  return end;
}

async function readingsOf(end: End, isHead: boolean): Promise<Readings> {
  end.socket.write(PROBE, 'latin1');
  await new Promise<void>((resolve) => {
    if (end.ended) resolve();
    const timer = setTimeout(resolve, PATIENCE_MS);
    end.socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const { ended } = end;
  end.socket.destroy();
  return { answers: readAnswers(end.text, isHead), ended };
}

/** Starts Node's server, HAProxy and nginx, each of which answers with what it has read. @throws Error when one does not start. */
export async function startBackEnds(): Promise<BackEnds> {
  const folder = await newFolder();
  const servers = { node: nodeBackEnd(), recorder: nginxRecorder() };
  for (const [name, server] of Object.entries(servers)) {
    server.listen(join(folder.path, `${name}.sock`));
    await once(server, 'listening');
  }
  const children: ChildProcess[] = [];
  for (const program of ['nginx', 'haproxy'] as const) children.push(await startProgram(program, folder.path));
  return {
    open() {
      const ends = names.map((name) => openEnd(join(folder.path, `${name}.sock`)));
      return {
        write: (bytes) => ends.forEach(({ socket }) => void socket.write(bytes, 'latin1')),
        async finish(isHead) {
          const found = await Promise.all(ends.map((end) => readingsOf(end, isHead)));
          return Object.fromEntries(names.map((name, index) => [name, found[index]])) as Record<BackEnd, Readings>;
        },
        abort: () => ends.forEach(({ socket }) => void socket.destroy()),
      };
    },
    async close() {
      for (const child of children) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      for (const server of Object.values(servers)) {
        server.close();
        server.closeAllConnections();
      }
      await folder.remove();
    },
  };
}
