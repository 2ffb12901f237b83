import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts';

/** A certificate and its private key, both PEM. */
export interface Credentials {
  certificate: string;
  key: string;
}

/** Who a certificate speaks of. For the API server `name` is the user, and `organization` its group. */
interface Subject {
  name: string;
  organization?: string;
  /** DNS names and IPv4 addresses under which it may serve; with none it may only be a client. */
  hosts?: readonly string[];
}

/** Signs certificates. */
export interface Authority {
  /** Its own certificate and key, PEM. */
  own: Credentials;
  /** A new key, and a certificate for it that is valid for a week, from an hour ago on. */
  issue(subject: Subject): Credentials;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** A new certificate authority with P-256 keys (RFC 5280). node:crypto reads certificates but makes none; openssl may be missing. */
export function newAuthority(name: string, nowMs: number): Authority {
  const issuer = newKeys();
  const issuerName = distinguishedName({ name });
  const period = sequence(time(new Date(nowMs - HOUR_MS)), time(new Date(nowMs + WEEK_MS)));

  const certify = (subject: Buffer, publicKey: KeyObject, extensions: readonly Buffer[]): string => {
    const toBeSigned = sequence(
      tagged(0, 'elements', integer(Buffer.from([2]))), // version 3
      integer(randomBytes(15)),
      ECDSA_WITH_SHA256,
      issuerName,
      period,
      subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      tagged(3, 'elements', sequence(...extensions)),
    );
    const signature = sign('sha256', toBeSigned, issuer.privateKey);
    return pem(sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature)));
  };

  return {
    own: { certificate: certify(issuerName, issuer.publicKey, AUTHORITY_EXTENSIONS), key: issuer.pem },
    issue(subject) {
      const { publicKey, pem: key } = newKeys();
      return { certificate: certify(distinguishedName(subject), publicKey, leafExtensions(subject)), key };
    },
  };
}

/** A new P-256 key pair, the private one also as PEM (PKCS #8). */
export function newKeys(): { publicKey: KeyObject; privateKey: KeyObject; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { publicKey, privateKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

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
  isIPv4(host) ? tagged(7, 'bytes', Buffer.from(host.split('.').map(Number))) : tagged(2, 'bytes', Buffer.from(host));

function distinguishedName({ name, organization }: Subject): Buffer {
  const attribute = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)));
  const groups = organization === undefined ? [] : [attribute('2.5.4.10', organization)];
  return sequence(...groups, attribute('2.5.4.3', name));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
