import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createOutgoing, type Outgoing } from '../outgoing.ts';
import { backgroundScope } from '../scope.ts';
import { changeableSettings, type ChangeableSettings } from '../settings/changeable-settings.ts';
import { firstUnknownId, startProfileStandIn } from '../stand-ins/profile-stand-in.ts';
import { startStandIn, type StandIn } from '../stand-ins/stand-in.ts';
import { createProfiles } from './profile-client.ts';
import type { Profiles } from './profiles.ts';

const shortMs = 50;
const scope = backgroundScope('test-1');

let service: StandIn;
let outgoing: Outgoing;
beforeAll(async () => {
  service = await startProfileStandIn();
  outgoing = createOutgoing();
});
afterAll(async () => {
  await outgoing.close();
  await service.close();
});

let settings: ChangeableSettings;
let profiles: Profiles;
beforeEach(() => {
  settings = changeableSettings({ 'profiles.url': service.url, 'profiles.timeout_ms': 10_000 });
  profiles = createProfiles(settings, outgoing);
});
afterEach(() => {
  service.faults = { mode: 'none', share: 1, delay_ms: 0 };
});

test('a profile is what the service knows of the user', async () => {
  expect(await profiles.of(scope, 7)).toEqual({
    profile: { displayName: 'Ada 7', about: 'Ada 7 likes examples.' },
  });
  expect(service.newest.at(-1)!.headers['x-request-id']).toBe('test-1');
});

test('without a profile service there is no answer, and nothing to wait for', () => {
  settings.change({ 'profiles.url': undefined });
  expect(profiles.of(scope, 7)).toBeNull();
});

test('a user whom the profile service does not know has none', async () => {
  expect(await profiles.of(scope, firstUnknownId)).toEqual({ missing: 'not-found' });
});

test.each([
  ['slow', 'timeout'],
  ['hanging', 'timeout'],
  ['dripping', 'timeout'],
  ['failing', 'unavailable'],
  ['resetting', 'unavailable'],
] as const)('%s: %s', async (mode, missing) => {
  settings.change({ 'profiles.timeout_ms': shortMs });
  service.faults = { mode, share: 1, delay_ms: 600_000 };
  expect(await profiles.of(scope, 7)).toEqual({ missing });
});

test('a service that is gone is unavailable', async () => {
  const gone = await startProfileStandIn();
  await gone.close();
  settings.change({ 'profiles.url': gone.url });
  expect(await profiles.of(scope, 7)).toEqual({ missing: 'unavailable' });
});

test('a client that has gone ends the call', async () => {
  service.faults = { mode: 'hanging', share: 1, delay_ms: 0 };
  const client = new AbortController();
  const answer = profiles.of({ ...scope, signal: client.signal }, 7);
  await expect.poll(() => service.newest.at(-1)?.path).toBe('/api/profiles/7');
  client.abort();
  expect(await answer).toEqual({ missing: 'unavailable' });
});

test.each([
  ['another form', { display_name: 7 }],
  ['no name', { about: 'x' }],
  ['a list', []],
  ['an endless name', { display_name: 'x'.repeat(257) }],
])('%s is invalid', async (_what, body) => {
  const other = await startStandIn({ answer: () => ({ status: 200, body }) });
  settings.change({ 'profiles.url': other.url });
  expect(await profiles.of(scope, 7)).toEqual({ missing: 'invalid' });
  await other.close();
});

test('a base URL with a path keeps it', async () => {
  const other = await startStandIn({ answer: () => ({ status: 200, body: { display_name: 'Ada' } }) });
  settings.change({ 'profiles.url': `${other.url}/v2/` });
  expect(await profiles.of(scope, 7)).toEqual({ profile: { displayName: 'Ada' } });
  expect(other.newest[0]!.path).toBe('/v2/api/profiles/7');
  await other.close();
});
