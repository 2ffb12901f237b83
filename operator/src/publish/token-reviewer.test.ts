import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { expect, test } from 'vitest';
import type { TokenReviewed } from '../kube/token-review.ts';
import { noMetrics } from './publish-metrics.ts';
import { TokenReviewer } from './token-reviewer.ts';

const good: TokenReviewed = {
  authenticated: true,
  username: 'system:serviceaccount:shop:users',
  podName: 'users-0',
  podUid: 'u',
  namespace: 'shop',
  error: null,
};
const identity = { namespace: 'shop', name: 'users-0', uid: 'u' };

function newWorld(answer: () => Promise<TokenReviewed> = async () => good) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const reviewer = new TokenReviewer({
    clock,
    metrics: noMetrics,
    review(token) {
      asked.push(token);
      return answer();
    },
  });
  const token = (claims: object = {}): string => {
    const all = { aud: ['fusebox'], exp: clock.wallMs() / 1000 + 3600, ...claims };
    return `e30.${Buffer.from(JSON.stringify(all)).toString('base64url')}.c2ln`;
  };
  return { clock, asked, reviewer, token };
}

test('the pod in the review is who it is, until the token ends', async () => {
  const { clock, reviewer, token } = newWorld();
  expect(await reviewer.identify(token())).toEqual({ identity, untilWallMs: clock.wallMs() + 3_600_000 });
});

test('many who ask at once cost one review, and an answer counts for a minute', async () => {
  const { clock, asked, reviewer, token } = newWorld();
  const [mine, another] = [token(), token({ jti: 'another' })];
  await Promise.all([1, 2, 3].map(() => reviewer.identify(mine)));
  await reviewer.identify(another);
  clock.advance(59_000);
  await reviewer.identify(mine);
  expect(asked).toEqual([mine, another]);
  clock.advance(1_000);
  await reviewer.identify(mine);
  expect(asked).toHaveLength(3);
});

test('an answer never outlives the token', async () => {
  const { clock, asked, reviewer, token } = newWorld();
  const short = token({ exp: clock.wallMs() / 1000 + 10 });
  await reviewer.identify(short);
  clock.advance(10_000);
  expect(await reviewer.identify(short)).toEqual({ status: 401, message: 'the token has expired' });
  expect(asked).toHaveLength(1);
});

test('a refusal counts for five seconds', async () => {
  const answers: TokenReviewed[] = [{ ...good, authenticated: false, error: 'no pod' }, good];
  const { clock, asked, reviewer, token } = newWorld(async () => answers[Math.min(asked.length, 2) - 1]!);
  const mine = token();
  const refused = { status: 401, message: 'the API server does not accept the token: no pod' };
  expect(await reviewer.identify(mine)).toEqual(refused);
  clock.advance(4_999);
  expect(await reviewer.identify(mine)).toEqual(refused);
  clock.advance(1);
  expect(await reviewer.identify(mine)).toMatchObject({ identity });
});

test('what is plainly no token for us is refused without asking', async () => {
  const { clock, asked, reviewer, token } = newWorld();
  const refused = [
    'hunter2',
    'a.b.c',
    `e30.${Buffer.from('[]').toString('base64url')}.x`,
    token({ exp: undefined }),
    token({ exp: 'soon' }),
    token({ aud: 'fusebox2' }),
    token({ aud: undefined }),
    token({ exp: clock.wallMs() / 1000 }),
    token({ more: 'x'.repeat(10_000) }),
  ];
  for (const text of refused) expect(await reviewer.identify(text), text).toMatchObject({ status: 401 });
  expect(asked).toEqual([]);
  expect(await reviewer.identify(token({ aud: 'fusebox' }))).toMatchObject({ identity });
});

test('a token that is bound to no pod is refused, whoever it belongs to', async () => {
  const { reviewer, token } = newWorld(async () => ({ ...good, podName: null, podUid: null }));
  expect(await reviewer.identify(token())).toMatchObject({
    status: 403,
    message: expect.stringContaining('system:serviceaccount:shop:users is bound to no pod'),
  });
});

test('an API server that does not answer is asked again next time', async () => {
  let away = true;
  const { reviewer, token } = newWorld(async () => {
    if (away) throw new Error('away');
    return good;
  });
  const mine = token();
  expect(await reviewer.identify(mine)).toMatchObject({ status: 503 });
  away = false;
  expect(await reviewer.identify(mine)).toMatchObject({ identity });
});

test('at most 32 questions are under way; the others wait for their turn', async () => {
  const answers: (() => void)[] = [];
  const { asked, reviewer, token } = newWorld(() => new Promise((resolve) => answers.push(() => resolve(good))));
  const all = Array.from({ length: 100 }, (_, index) => reviewer.identify(token({ jti: index })));
  const turn = async (): Promise<void> => {
    for (let count = 0; count < 20; count += 1) await Promise.resolve();
  };
  await turn();
  expect(asked).toHaveLength(32);
  answers.splice(0, 5).forEach((answer) => answer());
  await turn();
  expect(asked).toHaveLength(37);
  while (answers.length > 0) {
    answers.splice(0).forEach((answer) => answer());
    await turn();
  }
  for (const one of await Promise.all(all)) expect(one).toMatchObject({ identity });
  expect(asked).toHaveLength(100);
});
