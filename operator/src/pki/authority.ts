/**
 * Certificates with P-256 keys (RFC 5280). node:crypto reads certificates but makes none, and openssl may be missing.
 *
 * An authority's certificate and those that it signs carry key identifiers (§4.2.1.1, §4.2.1.2): while two authorities overlap,
 * a client tells by them which of the two signed what it sees.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { bits, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts';

/** A certificate and its private key, both PEM. */
export interface Credentials {
  certificate: string;
  key: string;
}

/** When a certificate is valid (ms since 1970); whole seconds count. */
export interface Period {
  fromMs: number;
  untilMs: number;
}

/** Who a certificate speaks of. For the API server `name` is the user, and `organization` its group. */
interface Subject {
  name: string;
  organization?: string;
  /** DNS names and IP addresses under which it may serve; with none it may only be a client. */
  hosts?: readonly string[];
}

/** Signs certificates. */
export interface Authority {
  /** Its own certificate and key, PEM. */
  own: Credentials;
  /** A new key, and a certificate for it. Without a period: as long as the authority itself. */
  issue(subject: Subject, period?: Period): Credentials;
}

const WEEK_MS = 7 * 24 * 3_600_000;

/** Every certificate is valid from this long (ms) before it was made, since clocks differ. */
export const BACKDATED_MS = 3_600_000;

/** A period that begins now, dated back, and lasts for `lifetimeMs` (default a week). */
export const periodFrom = (nowMs: number, lifetimeMs = WEEK_MS): Period => ({
  fromMs: nowMs - BACKDATED_MS,
  untilMs: nowMs + lifetimeMs,
});

/** A new authority that signs itself; valid for `lifetimeMs` (default a week). */
export function newAuthority(name: string, nowMs: number, lifetimeMs = WEEK_MS): Authority {
  return signedBy(newKeys(), name, periodFrom(nowMs, lifetimeMs));
}

/** An authority with these P-256 keys, which signs itself. */
export function signedBy(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  name: string,
  period: Period,
): Authority {
  const issuer = { name: distinguishedName({ name }), privateKey, keyId: keyIdOf(publicKey) };
  const extensions = AUTHORITY_EXTENSIONS;
  const certificate = certify(issuer, { subject: issuer.name, publicKey, period, extensions });
  return authority({ certificate, key: privatePem(privateKey) }, issuer, period);
}

/** An authority that `newAuthority(name, …)` made once, from its credentials. `period`: of certificates that ask for none. */
export function openAuthority(own: Credentials, name: string, period: Period): Authority {
  const privateKey = createPrivateKey(own.key);
  const keyId = keyIdOf(createPublicKey(privateKey));
  return authority(own, { name: distinguishedName({ name }), privateKey, keyId }, period);
}

/** A new P-256 key pair, the private one also as PEM (PKCS #8). */
export function newKeys(): { publicKey: KeyObject; privateKey: KeyObject; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { publicKey, privateKey, pem: privatePem(privateKey) };
}

const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' });

interface Issuer {
  /** DER. */
  name: Buffer;
  privateKey: KeyObject;
  keyId: Buffer;
}

const authority = (own: Credentials, issuer: Issuer, ownPeriod: Period): Authority => ({
  own,
  issue(subject, period = ownPeriod) {
    const { publicKey, pem: key } = newKeys();
    const certificate = certify(issuer, {
      subject: distinguishedName(subject),
      publicKey,
      period,
      extensions: leafExtensions(subject),
    });
    return { certificate, key };
  },
});

interface Certified {
  subject: Buffer;
  publicKey: KeyObject;
  period: Period;
  extensions: readonly Buffer[];
}

function certify(issuer: Issuer, { subject, publicKey, period, extensions }: Certified): string {
  const toBeSigned = sequence(
    tagged(0, 'elements', integer(Buffer.from([2]))), // version 3
    integer(randomBytes(15)),
    ECDSA_WITH_SHA256,
    issuer.name,
    sequence(time(period.fromMs), time(period.untilMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      3,
      'elements',
      sequence(
        ...extensions,
        extension('2.5.29.14', false, octets(keyIdOf(publicKey))), // subjectKeyIdentifier
        extension('2.5.29.35', false, sequence(tagged(0, 'bytes', issuer.keyId))), // authorityKeyIdentifier
      ),
    ),
  );
  return pem(sequence(toBeSigned, ECDSA_WITH_SHA256, bits(sign('sha256', toBeSigned, issuer.privateKey))));
}

/** RFC 7093 §2, method 4 over the whole key: 160 bits of SHA-256. */
const keyIdOf = (publicKey: KeyObject): Buffer =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(critical ? [yes()] : []), octets(value));

const AUTHORITY_EXTENSIONS = [
  extension('2.5.29.19', true, sequence(yes())), // basicConstraints: a CA
  extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)), // keyUsage: keyCertSign, cRLSign
];

function leafExtensions({ hosts = [] }: Subject): Buffer[] {
  const purpose = hosts.length === 0 ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1'; // clientAuth, serverAuth
  const leaf = [
    extension('2.5.29.15', true, bits(Buffer.from([0b1000_0000]), 7)), // keyUsage: digitalSignature
    extension('2.5.29.37', false, sequence(oid(purpose))),
  ];
  if (hosts.length > 0) leaf.push(extension('2.5.29.17', false, sequence(...hosts.map(alternativeName))));
  return leaf;
}

const alternativeName = (host: string): Buffer =>
  isIP(host) === 0 ? tagged(2, 'bytes', Buffer.from(host)) : tagged(7, 'bytes', addressBytes(host));

/** The 4 or 16 bytes of an IP address. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes every form of an IPv6 address in hexadecimal groups (RFC 5952), at most one run of them left out.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [head, tail] = [groups(left), groups(right ?? '')];
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function distinguishedName({ name, organization }: Subject): Buffer {
  const attribute = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)));
  const groups = organization === undefined ? [] : [attribute('2.5.4.10', organization)];
  return sequence(...groups, attribute('2.5.4.3', name));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
