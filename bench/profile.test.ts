import { expect, test } from 'vitest';
import { placeOf, sharesOf } from './profile.ts';

const root = 'file:///repository/';
const frame = (functionName: string, url = ''): { functionName: string; url: string } => ({ functionName, url });

test.each([
  [frame('(idle)'), null],
  [frame('writeLatin1String'), 'write to a socket (the kernel)'],
  [frame('(program)'), 'event loop: poll and read (the kernel)'],
  [frame('parse', 'file:///repository/sidecar/src/wire/request-head.ts'), 'sidecar/src/wire/request-head.ts'],
  [frame('emit', 'node:events'), 'JavaScript of Node (net, streams, timers)'],
])('the time of %j counts for %s', (callFrame, place) => {
  expect(placeOf(callFrame, root)).toBe(place);
});

test('shares are of the time that was not idle, and begin after what is skipped', () => {
  const nodes = ['(idle)', '(program)', 'writev'].map((name, id) => ({ id, callFrame: frame(name) }));
  const profile = { nodes, samples: [1, 0, 1, 2, 2], timeDeltas: [999, 100, 1, 1, 2] };
  expect(sharesOf(profile, root, 1).map(({ share }) => share)).toEqual([0.75, 0.25]);
});
