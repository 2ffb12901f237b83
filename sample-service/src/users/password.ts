import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

// 16 MiB and five passes: one of the equivalent scrypt settings in the OWASP password storage cheat sheet, chosen for
// its small memory. They are kept in the hash, so that they can be raised without invalidating what is stored.
const cost = { logN: 14, r: 8, p: 5 };
const saltBytes = 16;
const keyBytes = 32;

/** Hashes a password with a fresh salt, off the event loop. The result is `scrypt$logN$r$p$salt$key` (base64url). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password.normalize('NFKC'), salt, keyBytes, { N: 2 ** cost.logN, r: cost.r, p: cost.p });
  return ['scrypt', cost.logN, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether `password` is the one that `hash` was made from, compared in constant time. False for a hash it cannot read. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [kind, logN, r, p, salt, key] = hash.split('$');
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64url');
  if (expected.length !== keyBytes) return false;
  const limits = { N: 2 ** Number(logN), r: Number(r), p: Number(p), maxmem: 128 * 1024 * 1024 };
  const actual = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), keyBytes, limits);
  return timingSafeEqual(actual, expected);
}
