/**
 * How replicas know each other where somebody else signs the operator's certificates. Whoever that is signs for others, too, so a
 * certificate of his proves nothing. What replicas have in common, and nobody else has, is the private key that they serve with: from it
 * each derives the same authority, and nothing has to be kept or sent.
 */
import { createECDH, createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Credentials, type Period, signedBy } from './authority.ts';

const CURVE = 'prime256v1';
const SCALAR_BYTES = 32;

/** The authority of the replicas that have this private key (PEM, of any kind); only its period differs from call to call. */
export function deriveAuthority(keyPem: string, period: Period): Credentials {
  const privateKey = derivedKey(createPrivateKey(keyPem));
  const publicKey = createPublicKey(privateKey);
  const name = `fusebox replicas ${createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)}`;
  return signedBy({ publicKey, privateKey }, name, period).own;
}

/** RFC 5869 gives bytes; nearly all of them are a P-256 scalar, and the next ones are tried otherwise. */
function derivedKey(secret: KeyObject): KeyObject {
  const material = secret.export({ type: 'pkcs8', format: 'der' });
  for (let attempt = 0; ; attempt += 1) {
    const scalar = Buffer.from(hkdfSync('sha256', material, '', `fusebox replicas ${attempt}`, SCALAR_BYTES));
    const pair = createECDH(CURVE);
    try {
      pair.setPrivateKey(scalar);
    } catch {
      continue;
    }
    const point = pair.getPublicKey();
    const part = (from: number): string => point.subarray(from, from + SCALAR_BYTES).toString('base64url');
    const key = { kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'), x: part(1), y: part(1 + SCALAR_BYTES) };
    return createPrivateKey({ format: 'jwk', key });
  }
}
