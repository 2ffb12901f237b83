import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { newKeys, openAuthority } from './authority.ts';
import { deriveAuthority } from './derived-authority.ts';

const HOUR_MS = 3_600_000;
const period = { fromMs: HOUR_MS, untilMs: 2 * HOUR_MS };
const rsa = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

test.each([
  ['P-256', newKeys().pem],
  ['RSA', rsa()],
])('two replicas with one %s key have one authority, at different times', (_, key) => {
  const one = deriveAuthority(key, period);
  const other = deriveAuthority(key, { fromMs: 2 * HOUR_MS, untilMs: 3 * HOUR_MS });
  expect(other.key).toBe(one.key);
  const { subject } = new X509Certificate(one.certificate);
  const issued = openAuthority(one, subject.replace('CN=', ''), period).issue({ name: 'replica' });
  expect(new X509Certificate(issued.certificate).checkIssued(new X509Certificate(other.certificate))).toBe(true);
  expect(key).not.toContain(one.key.split('\n')[1]);
});

test('another key gives another authority', () => {
  const [one, other] = [newKeys(), newKeys()].map(({ pem }) => deriveAuthority(pem, period));
  const issued = new X509Certificate(one!.certificate);
  expect(issued.verify(new X509Certificate(other!.certificate).publicKey)).toBe(false);
  expect(new X509Certificate(other!.certificate).subject).not.toBe(issued.subject);
});
