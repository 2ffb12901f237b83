import { X509Certificate } from 'node:crypto';
import type { Clock } from '@fusebox/api/clock.ts';
import { isDue, periodOf, planAuthorities, readAuthorities, writeAuthorities } from './authorities.ts';
import type { KnownAuthority, Lifetimes } from './authorities.ts';
import { newAuthority, openAuthority, periodFrom, type Credentials } from './authority.ts';
import type { AuthorityKeeper } from './authority-keeper.ts';
import type { CertificateSource, CertificatesInForce } from './certificate-source.ts';

const DAY_MS = 24 * 3_600_000;

/** A year for authorities, a month for certificates; the bundle has an hour to reach everybody. */
export const LIFETIMES: Lifetimes = { authorityMs: 365 * DAY_MS, certificateMs: 30 * DAY_MS, overlapMs: 3_600_000 };

/** How often a replica tries again when another one wrote at the same moment (count). */
const TRIES = 5;

const CHECK_MS = 60_000;

export interface CertificatesOptions {
  keeper: AuthorityKeeper;
  /** DNS names and IP addresses under which the operator is called. */
  hosts: readonly string[];
  clock: Clock;
  /** Default: `LIFETIMES`. */
  lifetimes?: Lifetimes;
}

/**
 * The operator's own certificates. All replicas agree on the authorities through the keeper; each has a serving certificate of
 * its own, signed by them. `check` renews what is due.
 */
export class Certificates implements CertificateSource {
  readonly checkEveryMs = CHECK_MS;
  private readonly options: Required<CertificatesOptions>;
  private readonly listeners = new Set<(now: CertificatesInForce) => void>();
  private authorities: KnownAuthority[] = [];
  private inForce: (CertificatesInForce & { signer: string; fromMs: number; untilMs: number }) | null = null;

  private constructor(options: CertificatesOptions) {
    this.options = { lifetimes: LIFETIMES, ...options };
  }

  /** @throws when the keeper cannot be reached. */
  static async begin(options: CertificatesOptions): Promise<Certificates> {
    const certificates = new Certificates(options);
    await certificates.check();
    return certificates;
  }

  get current(): CertificatesInForce {
    return this.inForce!;
  }

  /** When the serving certificate ends (ms since 1970). */
  get servingUntilMs(): number {
    return this.inForce!.untilMs;
  }

  /** Tells of every change from now on; the function that is returned ends that. */
  onChange(listener: (now: CertificatesInForce) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Renews what is due, and takes over what another replica renewed. What was in force stays when it throws. */
  async check(): Promise<void> {
    const { clock, lifetimes, hosts } = this.options;
    const signer = await this.agree();
    const bundle = writeAuthorities(this.authorities).certificates;
    const nowMs = clock.wallMs();
    const before = this.inForce;
    const renew = before === null || before.signer !== signer.own.certificate || isDue(before, nowMs);
    if (!renew && before.bundle === bundle) return;
    const serving = renew ? issue(signer, hosts, { nowMs, lifetimeMs: lifetimes.certificateMs }) : before.serving;
    const period = periodOf(new X509Certificate(serving.certificate));
    this.inForce = { bundle, serving, signer: signer.own.certificate, ...period };
    for (const listener of this.listeners) listener(this.inForce);
  }

  /** The authority that signs, known to every replica. */
  private async agree(): Promise<KnownAuthority> {
    const { keeper, clock, lifetimes } = this.options;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const nowMs = clock.wallMs();
      const found = await keeper.read();
      const kept = found === null ? [] : readAuthorities(found.kept);
      // What somebody deleted is still trusted by sidecars out there: it is put back.
      const known = kept.length > 0 ? kept : this.authorities;
      const plan = planAuthorities(known, nowMs, lifetimes);
      const next = plan.create ? [...plan.trusted, make(nowMs, lifetimes)] : plan.trusted;
      const unchanged = !plan.create && kept.length === next.length;
      if (unchanged || (await keeper.write(writeAuthorities(next), found?.version ?? null)) === 'written') {
        this.authorities = next;
        return plan.signer ?? next[0]!;
      }
    }
    throw new Error(`the certificate authority cannot be agreed on: others wrote ${TRIES} times at the same moment`);
  }
}

function make(nowMs: number, { authorityMs }: Lifetimes): KnownAuthority {
  // Two authorities with one name could be taken for each other by whoever looks for an issuer by name alone.
  const name = `fusebox ${Math.floor(nowMs / 1000)}`;
  const { own } = newAuthority(name, nowMs, authorityMs);
  return { name, own, ...periodOf(new X509Certificate(own.certificate)) };
}

function issue(
  { name, own, untilMs }: KnownAuthority,
  hosts: readonly string[],
  { nowMs, lifetimeMs }: { nowMs: number; lifetimeMs: number },
): Credentials {
  const { fromMs, untilMs: wishedMs } = periodFrom(nowMs, lifetimeMs);
  const period = { fromMs, untilMs: Math.min(wishedMs, untilMs) };
  return openAuthority(own, name, period).issue({ name: 'fusebox-operator', hosts });
}
