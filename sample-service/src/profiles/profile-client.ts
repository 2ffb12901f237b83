import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { CallFailed, type Answer, type Outgoing } from '../outgoing.ts';
import type { Scope } from '../scope.ts';
import type { Settings } from '../settings/settings.ts';
import type { ProfileAnswer, Profiles } from './profiles.ts';

/** What the profile service answers. More fields are no fault: it may learn to say more before we do. */
const profileBody = Compile(
  Type.Object({
    display_name: Type.String({ minLength: 1, maxLength: 256 }),
    about: Type.Optional(Type.Union([Type.String({ maxLength: 4_096 }), Type.Null()])),
  }),
);

/** Asks `GET {profiles.url}/api/profiles/{id}`, within `profiles.timeout_ms`. Both may change live. */
export const createProfiles = (
  settings: { readonly current: Pick<Settings, 'profiles'> },
  outgoing: Outgoing,
): Profiles => ({
  of(scope, userId) {
    const { url, timeout_ms: timeoutMs } = settings.current.profiles;
    return url === undefined ? null : ask(outgoing, scope, { url, timeoutMs, userId });
  },
});

interface Question {
  url: string;
  timeoutMs: number;
  userId: number;
}

async function ask(outgoing: Outgoing, scope: Scope, { url, timeoutMs, userId }: Question): Promise<ProfileAnswer> {
  try {
    const answer = await outgoing.call(scope, {
      method: 'GET',
      baseUrl: url,
      path: `/api/profiles/${userId}`,
      template: '/api/profiles/{id}',
      timeoutMs,
    });
    return profileIn(answer);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    return { missing: error.code === 'timeout' ? 'timeout' : 'unavailable' };
  }
}

function profileIn({ status, body }: Answer): ProfileAnswer {
  if (status === 404) return { missing: 'not-found' };
  if (status !== 200) return { missing: 'unavailable' };
  const profile = parsed(body);
  if (!profileBody.Check(profile)) return { missing: 'invalid' };
  const { display_name: displayName, about } = profile;
  return { profile: { displayName, ...(typeof about === 'string' && { about }) } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
