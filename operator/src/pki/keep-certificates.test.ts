import { newLogger } from '@fusebox/runtime/log.ts';
import { expect, test } from 'vitest';
import { FakeTime } from '../testing/fake-time.ts';
import { newMemoryKeeper } from './authority-keeper.ts';
import { Certificates } from './certificates.ts';
import { keepCertificates } from './keep-certificates.ts';

const HOUR_MS = 3_600_000;
const lifetimes = { authorityMs: 90 * HOUR_MS, certificateMs: 3 * HOUR_MS, overlapMs: HOUR_MS };

test('what is due is renewed by itself, also after a failure, until the end', async () => {
  const time = new FakeTime();
  const lines: string[] = [];
  const log = newLogger({ level: 'info', wallMs: time.wallMs.bind(time), write: (line) => lines.push(line) });
  const memory = newMemoryKeeper();
  let away = false;
  const keeper = {
    ...memory,
    read: async () => {
      if (away) throw new Error('away');
      return memory.read();
    },
  };
  const clock = { nowMs: () => time.nowMs(), wallMs: () => time.wallMs() };
  const certificates = await Certificates.begin({ keeper, clock, lifetimes, hosts: ['localhost'] });
  const first = certificates.current.serving;
  const end = keepCertificates(certificates, { timers: time, log });
  away = true;
  await time.pass(3 * HOUR_MS);
  expect(certificates.current.serving).toBe(first);
  expect(lines.some((line) => line.includes('could not be checked'))).toBe(true);
  away = false;
  await time.pass(120_000);
  expect(certificates.current.serving).not.toBe(first);
  expect(lines.at(-1)).toContain('certificates renewed');
  end();
  expect(time.pending).toBe(0);
});
