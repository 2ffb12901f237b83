import { expect, test } from 'vitest';
import { ackedOf } from '../testing/acked.ts';
import { type Frame, frameLine, readFrame, rowFrame, rowOf } from './frames.ts';

const acked = ackedOf('pod', {
  reason: 'line\nfeed',
  circuits: [{ route: 'user', state: 'Open', era: 3, reason: null }],
});
const row = { acked, reportedMs: 400, number: 7, connected: true };

test.each<[string, Frame]>([
  ['a greeting', { is: 'hello', replica: 'operator-1' }],
  ['a row', rowFrame('pod', row, 1_000)],
  ['a row without a report', rowFrame('pod', { ...row, acked: null }, 1_000)],
  ['a pod that is gone', rowFrame('pod', null, 1_000)],
  ['the end of the table', { is: 'whole' }],
  ['a beat', { is: 'beat' }],
  ['a refusal', { is: 'notLeading' }],
])('%s is read as it was written, from one line', (_, frame) => {
  const line = frameLine(frame);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(readFrame(line.trimEnd())).toEqual(frame);
});

test('a report is as old for whoever hears of it as for whoever got it', () => {
  const frame = rowFrame('pod', row, 1_000) as Extract<Frame, { is: 'row' }>;
  expect(rowOf(frame, 90_000)).toEqual({ ...row, reportedMs: 89_400 });
});

test('frames of a newer version are passed over, and fields of one, too', () => {
  expect(readFrame('{"is":"later"}')).toEqual({ is: 'unknown' });
  expect(readFrame('{"is":"whole","pods":3}')).toMatchObject({ is: 'whole' });
});

test.each([
  'no json',
  '{}',
  '7',
  'null',
  '{"is":"hello"}',
  '{"is":"hello","replica":""}',
  '{"is":"gone"}',
  '{"is":"row","pod":"pod","connected":1,"report":null}',
  '{"is":"row","pod":"pod","connected":true,"report":{}}',
  '{"is":"row","pod":"pod","connected":true,"report":{"number":1,"ageMs":1,"acked":{"digest":"d"}}}',
])('%s is no frame', (line) => {
  expect(readFrame(line)).toBeNull();
});
