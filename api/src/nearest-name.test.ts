import { expect, test } from 'vitest';

import { nearestName } from './nearest-name.ts';

const known = ['mode', 'routes', 'defaults', 'unmatched', 'circuitBreaker', 'concurrency', 'path', 'pathPrefix'];

test.each([
  ['rout', 'routes'],
  ['route', 'routes'],
  ['default', 'defaults'],
  ['circuitbreaker', 'circuitBreaker'],
  ['cicruitBreaker', 'circuitBreaker'],
  ['circuit_breaker', 'circuitBreaker'],
  ['maxConcurrency', 'concurrency'],
  ['pathprefix', 'pathPrefix'],
  ['pth', 'path'],
  ['moed', 'mode'],
])('%s probably means %s', (written, meant) => {
  expect(nearestName(written, known)).toBe(meant);
});

test.each(['', 'xyz', 'a', 'retries', 'unrelatedThing', 'constructor'])('%j is near nothing', (written) => {
  expect(nearestName(written, known)).toBeNull();
});
