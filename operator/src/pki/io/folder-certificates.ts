/**
 * Certificates that somebody else makes and renews, such as cert-manager: the files of a mounted Secret. The kubelet brings a renewed Secret
 * to each node in its own time, up to two minutes apart, so what was trusted before is trusted for an hour longer.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@fusebox/api/clock.ts';
import { type KeptAuthorities, pemBlocks, periodOf, writeAuthorities } from '../authorities.ts';
import { BACKDATED_MS } from '../authority.ts';
import type { AuthorityKeeper } from '../authority-keeper.ts';
import type { CertificateSource, CertificatesInForce } from '../certificate-source.ts';
import { LIFETIMES } from '../certificates.ts';
import { deriveAuthority } from '../derived-authority.ts';

const LOOK_MS = 5_000;
const OLD_TRUSTED_MS = 3_600_000;

export interface FolderCertificatesOptions {
  /** With `tls.crt`, `tls.key` and `ca.crt`, as a Secret of the type kubernetes.io/tls has them; `ca.crt` is what clients trust. */
  folder: string;
  clock: Pick<Clock, 'wallMs'>;
}

interface Files {
  certificate: string;
  key: string;
  authorities: string;
}

/** Follows the files of a folder. It also is where replicas read how to know each other. */
export class FolderCertificates implements CertificateSource, Pick<AuthorityKeeper, 'read'> {
  readonly checkEveryMs = LOOK_MS;
  readonly #options: FolderCertificatesOptions;
  readonly #listeners = new Set<(now: CertificatesInForce) => void>();
  #files: Files = { certificate: '', key: '', authorities: '' };
  #before: { files: Files; untilMs: number }[] = [];
  #current: CertificatesInForce = { bundle: '', serving: { certificate: '', key: '' } };
  #servingUntilMs = 0;

  private constructor(options: FolderCertificatesOptions) {
    this.#options = options;
  }

  /** @throws Error when a file is missing or wrong. */
  static async begin(options: FolderCertificatesOptions): Promise<FolderCertificates> {
    const certificates = new FolderCertificates(options);
    await certificates.check();
    return certificates;
  }

  get current(): CertificatesInForce {
    return this.#current;
  }

  get servingUntilMs(): number {
    return this.#servingUntilMs;
  }

  onChange(listener: (now: CertificatesInForce) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async check(): Promise<void> {
    const nowMs = this.#options.clock.wallMs();
    const files = await readFiles(this.#options.folder);
    const old = this.#files;
    const isNew =
      old.certificate !== files.certificate || old.key !== files.key || old.authorities !== files.authorities;
    const before = this.#before.filter(({ untilMs }) => untilMs > nowMs);
    if (!isNew && before.length === this.#before.length) return;
    if (isNew) {
      this.#servingUntilMs = judged(files, this.#options.folder).untilMs;
      if (old.key !== '') before.push({ files: old, untilMs: nowMs + OLD_TRUSTED_MS });
    }
    this.#files = files;
    this.#before = before;
    const trusted = [files, ...before.map((one) => one.files)].flatMap(({ authorities }) => pemBlocks(authorities));
    const { certificate, key } = files;
    this.#current = { bundle: [...new Set(trusted)].join(''), serving: { certificate, key } };
    for (const listener of this.#listeners) listener(this.#current);
  }

  /** The newest signs at once: replicas that do not have its key yet keep the connections that they have. */
  async read(): Promise<{ kept: KeptAuthorities; version: string }> {
    const nowMs = this.#options.clock.wallMs();
    const keys = new Set([...this.#before.map(({ files }) => files.key), this.#files.key]);
    const untilMs = nowMs + LIFETIMES.authorityMs;
    const authorities = [...keys].map((key, index) => {
      const sinceMs = nowMs - LIFETIMES.overlapMs - BACKDATED_MS;
      const fromMs = sinceMs - 60_000 * (keys.size - index);
      return { name: '', own: deriveAuthority(key, { fromMs, untilMs }), fromMs, untilMs };
    });
    return { kept: writeAuthorities(authorities), version: '' };
  }
}

async function readFiles(folder: string): Promise<Files> {
  const [certificate, key, authorities] = await Promise.all(
    ['tls.crt', 'tls.key', 'ca.crt'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { certificate: certificate!, key: key!, authorities: authorities! };
}

/** Between two files the kubelet may have put new ones into the folder. @throws Error when they do not belong together. */
function judged({ certificate, key, authorities }: Files, folder: string): { untilMs: number } {
  try {
    const serving = new X509Certificate(certificate);
    if (!serving.checkPrivateKey(createPrivateKey(key))) throw new Error('tls.key is not the key of tls.crt');
    const trusted = pemBlocks(authorities).map((block) => new X509Certificate(block));
    if (trusted.length === 0) throw new Error('ca.crt holds no certificate');
    return periodOf(serving);
  } catch (error) {
    throw new Error(`the certificates in ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
