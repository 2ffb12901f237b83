import { X509Certificate } from 'node:crypto';
import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { expect, test } from 'vitest';
import { readAuthorities } from './authorities.ts';
import { newMemoryKeeper } from './authority-keeper.ts';
import { Certificates } from './certificates.ts';

const HOUR_MS = 3_600_000;
const lifetimes = { authorityMs: 90 * HOUR_MS, certificateMs: 30 * HOUR_MS, overlapMs: 2 * HOUR_MS };

function newWorld() {
  const clock = new FakeClock();
  const keeper = newMemoryKeeper();
  const replica = () => Certificates.begin({ keeper, clock, lifetimes, hosts: ['localhost', '127.0.0.1'] });
  return { clock, keeper, replica };
}

const count = (bundle: string): number => bundle.split('BEGIN CERTIFICATE').length - 1;

/** Whether one of the bundle's authorities signed it. */
const trusts = (bundle: string, certificate: string): boolean =>
  bundle
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .some((authority) => new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey));

test('replicas that start at the same moment agree on one authority', async () => {
  const { replica } = newWorld();
  const [one, other] = await Promise.all([replica(), replica()]);
  expect(one.current.bundle).toBe(other.current.bundle);
  expect(count(one.current.bundle)).toBe(1);
  expect(one.current.serving.certificate).not.toBe(other.current.serving.certificate);
  for (const { current } of [one, other]) expect(trusts(current.bundle, current.serving.certificate)).toBe(true);
});

test('a serving certificate is renewed at two thirds of its life, and never outlives its authority', async () => {
  const { clock, replica } = newWorld();
  const certificates = await replica();
  const first = certificates.current.serving.certificate;
  let told = 0;
  const forget = certificates.onChange(() => (told += 1));
  clock.advance(19 * HOUR_MS);
  await certificates.check();
  expect([certificates.current.serving.certificate === first, told]).toEqual([true, 0]);
  clock.advance(2 * HOUR_MS);
  await certificates.check();
  expect([certificates.current.serving.certificate === first, told]).toEqual([false, 1]);
  forget();
  clock.advance(50 * HOUR_MS);
  await certificates.check();
  expect(told).toBe(1);
  const untilMs = new X509Certificate(certificates.current.serving.certificate).validToDate.getTime();
  expect(untilMs).toBe(certificates.servingUntilMs);
  expect(untilMs).toBe(clock.wallMs() + 19 * HOUR_MS);
});

test('a new authority is trusted at once, signs after the overlap, and the old one leaves when it has expired', async () => {
  const { clock, replica } = newWorld();
  const [one, other] = [await replica(), await replica()];
  const old = one.current.bundle;
  clock.advance(60 * HOUR_MS);
  await one.check();
  await other.check();
  expect(one.current.bundle).toBe(other.current.bundle);
  expect(one.current.bundle.startsWith(old)).toBe(true);
  expect(count(one.current.bundle)).toBe(2);
  // Who has the old bundle only, and who has both, can still check what is served.
  expect(trusts(old, one.current.serving.certificate)).toBe(true);
  clock.advance(3 * HOUR_MS);
  await one.check();
  expect(trusts(old, one.current.serving.certificate)).toBe(false);
  expect(trusts(one.current.bundle, one.current.serving.certificate)).toBe(true);
  clock.advance(28 * HOUR_MS);
  await one.check();
  await other.check();
  expect(count(other.current.bundle)).toBe(1);
  expect(other.current.bundle).not.toBe(old);
});

test('authorities that somebody deleted or damaged are put back', async () => {
  const { keeper, replica } = newWorld();
  const certificates = await replica();
  const { bundle } = certificates.current;
  for (const damaged of [
    { certificates: '', keys: '' },
    { certificates: bundle, keys: 'none' },
  ]) {
    await keeper.write(damaged, (await keeper.read())!.version);
    await certificates.check();
    expect(certificates.current.bundle).toBe(bundle);
    expect(readAuthorities((await keeper.read())!.kept)).toHaveLength(1);
  }
});

test('a keeper that always was overtaken is an error, and what was in force stays', async () => {
  const { clock, keeper } = newWorld();
  let overtaken = false;
  const busy = {
    ...keeper,
    write: async (...args: Parameters<typeof keeper.write>) =>
      overtaken ? ('conflict' as const) : keeper.write(...args),
  };
  const certificates = await Certificates.begin({ keeper: busy, clock, lifetimes, hosts: ['localhost'] });
  const before = certificates.current;
  overtaken = true;
  clock.advance(61 * HOUR_MS);
  await expect(certificates.check()).rejects.toThrow('cannot be agreed on');
  expect(certificates.current).toBe(before);
});
