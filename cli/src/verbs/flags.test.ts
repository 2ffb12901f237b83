import { expect, test } from 'vitest';
import type { AskableSidecar } from '../ask-sidecar.ts';
import type { FlagAnswer } from '../flag-answers.ts';
import { flags, type FlagsCommand } from './flags.ts';

const PATH = '/ofrep/v1/evaluate/flags';
const command: FlagsCommand = {
  of: { pods: { by: 'namespace' } },
  namespace: null,
  flags: [],
  context: {},
  output: 'table',
};
const on = (key: string): FlagAnswer => ({ key, value: true, variant: 'on', reason: 'STATIC' });
const off = (key: string): FlagAnswer => ({ key, value: false, variant: 'off', reason: 'STATIC' });

/** Says these, and of any other flag that there is none. `asked` gets what it was asked. */
function sidecar(name: string, answers: FlagAnswer[], asked: unknown[] = []): AskableSidecar {
  return {
    name,
    post: async (path, body) => {
      asked.push([path, body]);
      if (path === PATH) return { status: 200, body: { flags: answers.filter((answer) => 'value' in answer) } };
      const key = path.slice(PATH.length + 1);
      const answer = answers.find((one) => one.key === key);
      if (answer === undefined) return { status: 404, body: { key, errorCode: 'FLAG_NOT_FOUND' } };
      return { status: answer.errorCode === undefined ? 200 : 400, body: answer };
    },
  };
}
const mute = (name: string, error: unknown): AskableSidecar => ({ name, post: () => Promise.reject(error) });

test('what all pods say the same is one line, and that is well', async () => {
  const pods = ['a', 'b', 'c'].map((name) => sidecar(name, [on('search')]));
  expect(await flags(pods, [], command)).toEqual({
    exit: 0,
    text: 'FLAG    VALUE  VARIANT  REASON  PODS\nsearch  true   on       STATIC  3 pods\n',
    complaints: [],
  });
});

test('pods that differ are told, and that is not well', async () => {
  const { exit, text, complaints } = await flags(
    [sidecar('a', [on('search')]), sidecar('b', [off('search')])],
    [],
    command,
  );
  expect(exit).toBe(1);
  expect(text).toContain('!  search  true   on       STATIC  a\n!          false  off      STATIC  b\n');
  expect(complaints).toEqual(['pods differ on 1 of 1 flags']);
});

test('a flag that one pod does not list is asked for by name there', async () => {
  const pods = [sidecar('a', [on('search')]), sidecar('b', [{ key: 'search', reason: 'DISABLED' }]), sidecar('c', [])];
  const { text } = await flags(pods, [], command);
  expect(text).toMatch(/the caller's default +- +DISABLED +b\n/);
  expect(text).toMatch(/ERROR FLAG_NOT_FOUND +c\n/);
});

test('named flags are asked for by name, for whom the context says', async () => {
  const asked: unknown[] = [];
  const context = { targetingKey: 'user-7' };
  const outcome = await flags([sidecar('a', [on('x'), off('y'), on('z')], asked)], [], {
    ...command,
    flags: ['x', 'y'],
    context,
  });
  expect(asked).toEqual([
    [`${PATH}/x`, { context }],
    [`${PATH}/y`, { context }],
  ]);
  expect(outcome.text.trimEnd().split('\n')).toHaveLength(3);
  expect((await flags([sidecar('a', [])], [], { ...command, flags: ['x'] })).exit).toBe(1);
});

test.each<[what: string, pod: AskableSidecar, complaint: string]>([
  ['does not answer', mute('b', new Error('it cannot be reached: 403')), 'b: it cannot be reached: 403'],
  [
    'refuses',
    {
      name: 'b',
      post: async () => ({ status: 403, body: { detail: 'only callers on this machine may ask for this.' } }),
    },
    'b: it answered 403: only callers on this machine may ask for this.',
  ],
  [
    'is something else',
    { name: 'b', post: async () => ({ status: 404, body: null }) },
    'b: it answered 404: is this the local API of a sidecar?',
  ],
])('a pod that %s is named, and the others are told', async (_what, pod, complaint) => {
  const { exit, text, complaints } = await flags([sidecar('a', [on('search')]), pod], [], command);
  expect([exit, complaints]).toEqual([1, [complaint]]);
  expect(text).toContain('search  true   on       STATIC  a\n');
});

test('pods that cannot be asked are named; without any pod that is said', async () => {
  const silent = [{ sidecar: 'c', fault: 'it is not running: Pending' }];
  const outcome = await flags([], silent, command);
  expect(outcome).toEqual({ exit: 1, text: '', complaints: ['c: it is not running: Pending'] });
  expect(await flags([], [], command)).toMatchObject({ exit: 1, complaints: ['there is no pod with a sidecar'] });
  expect((await flags([sidecar('a', [])], [], command)).text).toBe('no flag has a value here\n');
});

test('for programs: the same as JSON', async () => {
  const context = { plan: 'gold' };
  const pods = [sidecar('a', [on('search')]), sidecar('b', [on('search')]), mute('c', 'gone')];
  const { text } = await flags(pods, [], { ...command, context, output: 'json' });
  expect(JSON.parse(text)).toEqual({
    context,
    flags: [
      { key: 'search', agreed: true, answers: [{ pods: ['a', 'b'], value: true, variant: 'on', reason: 'STATIC' }] },
    ],
    silent: [{ pod: 'c', fault: 'gone' }],
  });
});

test('many pods are asked some at a time, and told in their order', async () => {
  let open = 0;
  let most = 0;
  const pods = Array.from({ length: 30 }, (_, index): AskableSidecar => ({
    name: String(index),
    post: async () => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open -= 1;
      return { status: 200, body: { flags: [{ ...on('x'), value: index }] } };
    },
  }));
  const { text } = await flags(pods, [], command);
  expect(most).toBe(8);
  expect(
    text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ +/).at(-1)),
  ).toEqual(pods.map(({ name }) => name));
});
