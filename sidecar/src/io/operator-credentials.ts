import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import { Agent } from 'undici';

/** How often the files are looked at (ms). The kubelet replaces a token long before it ends. */
const LOOK_MS = 5_000;

/** A TCP and TLS handshake that takes longer (ms) has failed. */
const CONNECT_MS = 5_000;

export interface CredentialFiles {
  /** The bearer token. */
  tokenPath: string;
  /** PEM of the authorities that the operator is trusted by; null: those of Node. */
  caPath: string | null;
}

/** What is needed to speak to the operator, as the files have it now. */
export interface OperatorAccess {
  token: string;
  agent: Agent;
}

/** Token and trusted authorities, read again whenever the files change. Old connections keep what they began with. */
export class OperatorCredentials {
  private readonly files: CredentialFiles;
  private readonly timers: Timers;
  private readonly log: Logger;
  private ca: string | null = null;
  private agent: Agent | null = null;
  private token = '';
  private cancel = (): void => {};
  private closed = false;

  constructor(files: CredentialFiles, { timers, log }: { timers: Timers; log: Logger }) {
    this.files = files;
    this.timers = timers;
    this.log = log;
  }

  /** Reads both files. @throws Error when the token cannot be read, or no usable authority ever was. */
  async read(): Promise<OperatorAccess> {
    this.token = await this.readToken();
    return { token: this.token, agent: await this.currentAgent() };
  }

  /** Calls `onNewToken` whenever the file holds another token than the one that was read last. */
  watch(onNewToken: () => void): void {
    const look = async (): Promise<void> => {
      const token = await this.readToken().catch(() => this.token);
      if (this.closed) return;
      if (token !== this.token && this.token !== '') {
        this.token = token;
        onNewToken();
      }
      this.watch(onNewToken);
    };
    this.cancel = this.timers.after(LOOK_MS, () => void look());
  }

  /** Cuts every connection. */
  close(): void {
    this.closed = true;
    this.cancel();
    void this.agent?.destroy();
  }

  private async readToken(): Promise<string> {
    const token = (await readFile(this.files.tokenPath, 'utf8')).trim();
    if (token === '') throw new Error(`${this.files.tokenPath}: is empty`);
    return token;
  }

  private async currentAgent(): Promise<Agent> {
    const ca = await this.readAuthorities();
    if (this.agent !== null && ca === this.ca) return this.agent;
    const before = this.agent;
    this.ca = ca;
    this.agent = new Agent({ connect: { timeout: CONNECT_MS, ...(ca === null ? {} : { ca }) }, allowH2: false });
    // Ends by itself when the stream that may still be open on it has ended.
    void before?.close();
    return this.agent;
  }

  private async readAuthorities(): Promise<string | null> {
    const { caPath } = this.files;
    if (caPath === null) return null;
    try {
      const text = await readFile(caPath, 'utf8');
      // Node would take a text without certificates for "trust nobody", and say so only by failing every handshake.
      void new X509Certificate(text);
      return text;
    } catch (error) {
      if (this.ca === null) throw new Error(`${caPath}: holds no certificate that can be read`, { cause: error });
      this.log.warn('the authorities cannot be read; those from before stay trusted', { path: caPath, error });
      return this.ca;
    }
  }
}
