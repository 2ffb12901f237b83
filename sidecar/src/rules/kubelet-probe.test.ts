import { expect, test } from 'vitest';
import { isKubeletProbe, probeTargets, type ProbeLike } from './kubelet-probe.ts';

const targets = probeTargets(['/live', '/ready?full=1', '/ready?full=2']);

function request(method: string, target: string, userAgent: string | null = 'kube-probe/1.34'): ProbeLike {
  const header = (name: string): string | null => (name === 'user-agent' ? userAgent : null);
  return { method, target, path: target.split('?')[0]!, header };
}

test.each<[string, ProbeLike, boolean]>([
  ['a GET of one', request('GET', '/live'), true],
  ['a GET of one with its query', request('GET', '/ready?full=2'), true],
  ['another query', request('GET', '/ready?full=3'), false],
  ['no query where there is one', request('GET', '/ready'), false],
  ['a query where there is none', request('GET', '/live?x'), false],
  ['another path', request('GET', '/users'), false],
  ['a longer path', request('GET', '/live/more'), false],
  ['another method', request('POST', '/live'), false],
  ['another client', request('GET', '/live', 'curl/8'), false],
  ['a client that only speaks of it', request('GET', '/live', 'x kube-probe/1.34'), false],
  ['a client without a name', request('GET', '/live', null), false],
])('a probe? %s', (_, given, wanted) => expect(isKubeletProbe(given, targets)).toBe(wanted));

test('without targets nothing is a probe', () => {
  expect(isKubeletProbe(request('GET', '/live'), probeTargets([]))).toBe(false);
});
