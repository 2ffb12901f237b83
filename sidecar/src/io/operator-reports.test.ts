import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Report } from '@fusebox/api/report.ts';
import { Agent } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperatorReports } from './operator-reports.ts';

let answers: number[];
let got: { era: number; authorization: string | undefined }[];
/** Resolves with the next report. */
let next: () => Promise<void>;
let timers: { delayMs: number; run: () => void; cancelled: boolean }[];
let era: number;
let connected: boolean;
let failures: unknown[];
let reports: OperatorReports;
const agent = new Agent();

const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const report = JSON.parse(text) as Report;
    got.push({ era: report.circuits[0]!.era, authorization: request.headers.authorization });
    response.writeHead(answers.shift() ?? 204).end();
    server.emit('told');
  });
});

beforeEach(async () => {
  [answers, got, timers, failures, era, connected] = [[], [], [], [], 1, true];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  next = () => once(server, 'told').then(() => {});
  reports = new OperatorReports({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    access: () => (connected ? { token: 't', agent } : null),
    report: () => ({
      format: 1,
      digest: `sha256:${'0'.repeat(64)}`,
      revision: '',
      result: 'applied',
      reason: null,
      tookMs: 1,
      atWallMs: 1,
      version: '1',
      circuits: [{ route: 'a', state: 'Open', era, reason: null }],
    }),
    random: () => 0.5,
    timers: {
      after(delayMs, run) {
        const timer = { delayMs, run, cancelled: false };
        timers.push(timer);
        return () => (timer.cancelled = true);
      },
    },
    onFailure: (why) => failures.push(why),
  });
});
afterEach(async () => {
  reports.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The one timer that is set, once it is. */
async function timerSet(): Promise<(typeof timers)[number]> {
  for (;;) {
    const [set] = timers.splice(0).filter(({ cancelled }) => !cancelled);
    if (set !== undefined) return set;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('what changes while a report is under way is told by one more, written when it is sent', async () => {
  const told = next();
  reports.tell();
  for (era = 2; era < 9; era += 1) reports.tell();
  await told;
  const pause = await timerSet();
  expect(pause.delayMs).toBe(100);
  const again = next();
  pause.run();
  await again;
  expect(got.map((report) => report.era)).toEqual([1, 9]);
  expect(got[0]!.authorization).toBe('Bearer t');
});

test('without an occasion there is one about every half minute', async () => {
  const told = next();
  reports.tell();
  await told;
  (await timerSet()).run();
  const usual = await timerSet();
  expect(usual.delayMs).toBe(30_000);
  const again = next();
  usual.run();
  await again;
  expect(got).toHaveLength(2);
});

test('a report that was not taken is followed by another after a growing wait', async () => {
  answers = [503, 503, 204];
  reports.tell();
  const waits: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const retry = await timerSet();
    waits.push(retry.delayMs);
    const told = next();
    retry.run();
    await told;
  }
  expect(waits).toEqual([300, 500]);
  expect((await timerSet()).delayMs).toBe(100);
  expect([got.length, failures.length]).toEqual([3, 2]);
});

test('a new stream does not wait for what failed on the one before', async () => {
  answers = [503];
  reports.tell();
  expect((await timerSet()).delayMs).toBe(300);
  const told = next();
  reports.streamOpened();
  reports.tell();
  await told;
  expect(got).toHaveLength(2);
});

test('nothing is sent while no stream is open, nor after the end', async () => {
  connected = false;
  reports.tell();
  expect(timers).toEqual([]);
  connected = true;
  reports.close();
  reports.tell();
  await new Promise((resolve) => setImmediate(resolve));
  expect(got).toEqual([]);
});
