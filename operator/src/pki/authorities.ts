/**
 * Which authorities are trusted, which one signs, and when a new one is due. Pure.
 *
 * A new authority comes at two thirds of the newest one's life. It is trusted at once, and signs only after the overlap: until
 * then the sidecars and webhook configurations that hold the old bundle could not check what it signs. The old one stays in
 * the bundle until it has expired.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { BACKDATED_MS, type Credentials } from './authority.ts';

/** How long things live (ms). */
export interface Lifetimes {
  /** Of an authority. */
  authorityMs: number;
  /** Of a serving certificate. */
  certificateMs: number;
  /** From the making of an authority until it signs: time enough for the new bundle to reach whoever trusts it. */
  overlapMs: number;
}

/** An authority as it was kept. */
export interface KnownAuthority {
  /** The CN that it signs as. */
  name: string;
  own: Credentials;
  /** ms since 1970. */
  fromMs: number;
  untilMs: number;
}

/** What is to be true now. */
export interface AuthorityPlan {
  /** Not expired, the oldest first. */
  trusted: KnownAuthority[];
  /** Whose certificates are served; null: a new one is needed first. */
  signer: KnownAuthority | null;
  /** A new authority is due. */
  create: boolean;
}

/** The share of its life after which something is replaced. */
const REPLACED_AT = 2 / 3;

/** Whether what is valid in this period is to be replaced by now. */
export const isDue = ({ fromMs, untilMs }: { fromMs: number; untilMs: number }, nowMs: number): boolean =>
  nowMs >= fromMs + (untilMs - fromMs) * REPLACED_AT;

/** The plan for these authorities at `nowMs` (ms since 1970). */
export function planAuthorities(
  known: readonly KnownAuthority[],
  nowMs: number,
  { overlapMs }: Lifetimes,
): AuthorityPlan {
  const trusted = known.filter(({ untilMs }) => untilMs > nowMs).toSorted((a, b) => a.fromMs - b.fromMs);
  const newest = trusted.at(-1);
  return {
    trusted,
    signer: trusted.findLast(({ fromMs }) => nowMs >= fromMs + BACKDATED_MS + overlapMs) ?? trusted[0] ?? null,
    create: newest === undefined || isDue(newest, nowMs),
  };
}

/** The form in which authorities are kept: certificates and keys as PEM, one after the other in the same order. */
export interface KeptAuthorities {
  /** What is trusted: the bundle that sidecars and webhook configurations get. */
  certificates: string;
  keys: string;
}

/** Authorities in the form in which they are kept. */
export const writeAuthorities = (authorities: readonly KnownAuthority[]): KeptAuthorities => ({
  certificates: authorities.map(({ own }) => own.certificate).join(''),
  keys: authorities.map(({ own }) => own.key).join(''),
});

/** The authorities in what was kept. A certificate without its key, or what is no certificate, is left out. */
export function readAuthorities({ certificates, keys }: KeptAuthorities): KnownAuthority[] {
  const keyBlocks = pemBlocks(keys);
  return pemBlocks(certificates).flatMap((certificate, index) => {
    const authority = readAuthority({ certificate, key: keyBlocks[index] ?? '' });
    return authority === null ? [] : [authority];
  });
}

function readAuthority(own: Credentials): KnownAuthority | null {
  try {
    const read = new X509Certificate(own.certificate);
    const name = /^CN=(.*)$/m.exec(read.subject)?.[1];
    if (!read.ca || name === undefined || !read.checkPrivateKey(createPrivateKey(own.key))) return null;
    return { name, own, ...periodOf(read) };
  } catch {
    return null;
  }
}

/** When a certificate is valid (ms since 1970). */
export const periodOf = (certificate: X509Certificate): { fromMs: number; untilMs: number } => ({
  fromMs: certificate.validFromDate.getTime(),
  untilMs: certificate.validToDate.getTime(),
});

/** The PEM blocks in a text, each with its line end. */
export const pemBlocks = (text: string): string[] =>
  (text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? []).map((block) => `${block}\n`);
