import type { Condition, LiveConfigStatus } from '@fusebox/api/object-status.ts';
import { expect, test } from 'vitest';
import { statusNews } from './status-news.ts';

const about = {
  apiVersion: 'fusebox.dev/v1alpha1',
  kind: 'ResiliencePolicy',
  namespace: 'shop',
  name: 'users',
  uid: 'uid',
};

type Short = [Condition['status'], string, string?];
const status = (
  verdicts: { accepted?: Short; programmed?: Short; degraded?: Short },
  generation = 1,
  more: Partial<LiveConfigStatus> = {},
): LiveConfigStatus => ({
  conditions: Object.entries({
    Accepted: verdicts.accepted ?? (['True', 'Accepted'] satisfies Short),
    Programmed: verdicts.programmed ?? (['False', 'Pending'] satisfies Short),
    Degraded: verdicts.degraded ?? (['False', 'Healthy'] satisfies Short),
  } as Record<string, Short>).map(([type, [value, reason, message = '']]) => ({
    type: type as Condition['type'],
    status: value,
    reason,
    message,
    observedGeneration: generation,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
  ...more,
});
const obeyed: Short = ['True', 'Programmed', 'obeyed by 2 of 2 pods'];

test.each<[string, LiveConfigStatus | null, LiveConfigStatus, string[]]>([
  ['new settings that are valid', null, status({}), ['Normal Accepted: the settings are valid']],
  ['odd ones', null, status({ accepted: ['True', 'Accepted', 'x'] }), ['Normal Accepted: the settings are valid; x']],
  ['an edit that is valid', status({}), status({}, 2), ['Normal Accepted: the settings are valid']],
  [
    'an edit of a ConfigMap',
    status({}),
    status({}, 1, { observedResourceVersion: '7' }),
    ['Normal Accepted: the settings are valid'],
  ],
  [
    'bad settings',
    status({}),
    status({ accepted: ['False', 'Invalid', 'spec.x: no'] }, 2),
    ['Warning Invalid: spec.x: no'],
  ],
  [
    'other faults',
    status({ accepted: ['False', 'Invalid', 'one'] }),
    status({ accepted: ['False', 'Invalid', 'two'] }),
    ['Warning Invalid: two'],
  ],
  [
    'every pod obeys',
    status({}),
    status({ programmed: obeyed }, 1, { propagationMs: 43 }),
    ['Normal Programmed: obeyed by 2 of 2 pods 43 ms after the edit'],
  ],
  [
    'every pod obeys still, and there are more',
    status({ programmed: obeyed }),
    status({ programmed: ['True', 'Programmed', 'obeyed by 3 of 3 pods'] }),
    [],
  ],
  [
    'pods have not answered yet',
    status({ programmed: obeyed }),
    status({ programmed: ['False', 'Pending', 'users-1'] }),
    [],
  ],
  [
    'a sidecar refuses',
    status({}),
    status({ programmed: ['False', 'Rejected', 'users-1 (no)'] }),
    ['Warning Rejected: users-1 (no)'],
  ],
  [
    'something weakens it',
    status({}),
    status({ degraded: ['True', 'NotInjected', 'users-1'] }),
    ['Warning NotInjected: users-1'],
  ],
  [
    'that is over',
    status({ degraded: ['True', 'NotInjected', 'users-1'] }),
    status({}),
    ['Normal Healthy: what weakened the settings is over: NotInjected'],
  ],
  ['nothing changed', status({ programmed: obeyed }), status({ programmed: obeyed }), []],
])('%s', (_, before, after, expected) => {
  const news = statusNews(about, before, after);
  expect(news.map(({ type, reason, note }) => `${type} ${reason}: ${note}`)).toEqual(expected);
  for (const one of news) expect(one).toMatchObject({ about, action: expect.stringMatching(/^\w+$/) });
});
