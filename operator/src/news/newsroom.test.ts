import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { expect, test } from 'vitest';
import type { Acked } from '../publish/publisher.ts';
import { ackedOf } from '../testing/acked.ts';
import type { BusMessage } from './cloud-events.ts';
import { Newsroom } from './newsroom.ts';

const policy = {
  apiVersion: 'fusebox.dev/v1alpha1',
  kind: 'ResiliencePolicy',
  namespace: 'shop',
  name: 'users',
  uid: 'uid',
};

function begin() {
  const pods = new Map<string, Acked>();
  const events: string[] = [];
  const messages: BusMessage[] = [];
  const state = { mayTell: true };
  const newsroom = new Newsroom({
    acked: (podUid) => pods.get(podUid) ?? null,
    mayTell: () => state.mayTell,
    workloadOf: (podUid) => (podUid === 'alone' ? null : 'users'),
    sourcesOf: (podUid) => (podUid === 'alone' ? [] : [policy]),
    events: { tell: ({ about, reason }) => events.push(`${about.kind} ${about.name} ${reason}`) },
    bus: { tell: (message) => messages.push(message) },
    clock: new FakeClock(),
  });
  const report = (podUid: string, circuits: Acked['circuits']): void => {
    pods.set(podUid, ackedOf(podUid, { circuits }));
    newsroom.reported(podUid);
  };
  return { pods, events, messages, state, newsroom, report };
}
const circuit = (state: 'Open' | 'Closed', era: number) => [{ route: 'user', state, era, reason: null }];

test('a change is told of the pod and of what it obeys, and on the bus by its workload', () => {
  const { events, messages, report } = begin();
  report('users-1', circuit('Closed', 0));
  expect([events, messages]).toEqual([[], []]);
  report('users-1', circuit('Open', 1));
  report('users-1', circuit('Open', 1));
  expect(events).toEqual(['Pod users-1 CircuitOpened', 'ResiliencePolicy users CircuitOpened']);
  expect(messages.map(({ subject }) => subject)).toEqual(['fusebox.circuit.shop.users.opened']);
});

test('a pod of no workload is told by its own name', () => {
  const { events, messages, report } = begin();
  report('alone', circuit('Open', 1));
  expect(events).toEqual(['Pod alone CircuitOpened']);
  expect(messages[0]!.subject).toBe('fusebox.circuit.shop.alone.opened');
});

test('whoever does not write tells nothing; when it begins to, it repeats on the bus what is not closed', () => {
  const { events, messages, state, newsroom, pods, report } = begin();
  report('users-1', circuit('Open', 1));
  const [told] = messages.splice(0);
  events.splice(0);
  state.mayTell = false;
  report('users-1', circuit('Open', 2));
  report('users-2', circuit('Closed', 3));
  expect([events, messages]).toEqual([[], []]);
  state.mayTell = true;
  pods.set('users-1', ackedOf('users-1', { circuits: circuit('Open', 1) }));
  newsroom.begin(pods.keys());
  expect(events).toEqual([]);
  expect(messages.map(({ id }) => id)).toEqual([told!.id]);
  report('users-2', circuit('Open', 4));
  expect(events).toHaveLength(2);
});

test('a status that was written is told of its object', () => {
  const { events, newsroom } = begin();
  const accepted = {
    type: 'Accepted' as const,
    status: 'False' as const,
    reason: 'Invalid',
    message: 'no',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  newsroom.statusWritten(policy, null, { conditions: [accepted] });
  expect(events).toEqual(['ResiliencePolicy users Invalid']);
});
