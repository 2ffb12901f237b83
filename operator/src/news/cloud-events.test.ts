import { describe, expect, test } from 'vitest';
import type { CircuitChange } from './circuit-changes.ts';
import { circuitMessage } from './cloud-events.ts';

const change: CircuitChange = {
  pod: { namespace: 'shop', name: 'users-7d-x', uid: 'uid-1' },
  route: 'user',
  from: 'Closed',
  to: 'Open',
  era: 3,
  reason: '5 failures in a row',
  snapshotWallMs: 1_700_000_000_000,
};
const wallMs = 1_767_268_800_000; // 2026-01-01T12:00:00Z

test('an opened circuit as a CloudEvent', () => {
  const message = circuitMessage(change, 'users', wallMs);
  expect({ ...message, body: JSON.parse(message.body) }).toEqual({
    subject: 'fusebox.circuit.shop.users.opened',
    id: 'uid-1/user/1700000000000/3/opened',
    contentType: 'application/cloudevents+json; charset=utf-8',
    body: {
      specversion: '1.0',
      id: 'uid-1/user/1700000000000/3/opened',
      source: '/fusebox/namespaces/shop/pods/users-7d-x',
      type: 'dev.fusebox.circuit.opened',
      subject: 'user',
      time: '2026-01-01T12:00:00.000000Z',
      datacontenttype: 'application/json',
      data: {
        namespace: 'shop',
        workload: 'users',
        pod: 'users-7d-x',
        podUid: 'uid-1',
        route: 'user',
        state: 'Open',
        previousState: 'Closed',
        era: 3,
        reason: '5 failures in a row',
      },
    },
  });
});

describe('the subject', () => {
  test.each<[CircuitChange['to'], string, string]>([
    ['Open', 'users', 'fusebox.circuit.shop.users.opened'],
    ['HalfOpen', 'users', 'fusebox.circuit.shop.users.half-opened'],
    ['Closed', 'users', 'fusebox.circuit.shop.users.closed'],
    ['Open', 'users.v2', 'fusebox.circuit.shop.users_v2.opened'],
    ['Open', 'a*>b c', 'fusebox.circuit.shop.a__b_c.opened'],
  ])('%s of %s', (to, workload, subject) => {
    expect(circuitMessage({ ...change, to }, workload, wallMs).subject).toBe(subject);
  });
});

test('each change of each life of a sidecar has an id of its own, the same whoever tells it', () => {
  const ids = [
    change,
    { ...change, era: 4 },
    { ...change, route: 'other' },
    { ...change, to: 'Closed' as const },
    { ...change, snapshotWallMs: 1 },
    { ...change, pod: { ...change.pod, uid: 'uid-2' } },
  ].map((each) => circuitMessage(each, 'users', wallMs).id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(circuitMessage(change, 'users', wallMs + 99_000).id).toBe(ids[0]);
});
