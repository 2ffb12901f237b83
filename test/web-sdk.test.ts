/** OpenFeature's SDK for the web, which evaluates all flags at once for one user and follows their changes, against a sidecar. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newFolder } from './support/settings.ts';
import { type SidecarProcess, startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';
import type { PageNews, PageOptions } from './web/page.ts';

const PAGE = fileURLToPath(new URL('web/page.ts', import.meta.url));

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

/** A page that is open. */
class Page {
  readonly news: PageNews[] = [];
  readonly #child: ChildProcess;
  #errors = '';

  /** Pages with the same `storage` share what they keep. */
  constructor(options: PageOptions, storage: string) {
    const flags = ['--no-warnings', '--experimental-eventsource', `--localstorage-file=${join(folder.path, storage)}`];
    this.#child = spawn(process.execPath, [...flags, PAGE, JSON.stringify(options)]);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.news.push(JSON.parse(line) as PageNews));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
  }

  /** The first news of this kind from `from` on (index). */
  async next<Kind extends PageNews['news']>(kind: Kind, from = 0): Promise<Extract<PageNews, { news: Kind }>> {
    const found = (): PageNews | undefined => this.news.slice(from).find(({ news }) => news === kind);
    const isThere = (): boolean => found() !== undefined || this.#errors !== '';
    await until(`${kind} among ${JSON.stringify(this.news)}`, isThere);
    expect(this.#errors).toBe('');
    return found() as Extract<PageNews, { news: Kind }>;
  }

  becomes(context: object): void {
    this.#child.stdin!.write(`${JSON.stringify(context)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

const banner = { state: 'ENABLED', variants: { a: 'hello', b: 'good morning' }, defaultVariant: 'a' };
const settings = (defaultVariant = 'a') => ({
  flags: {
    plain: true,
    banner: { ...banner, defaultVariant, targeting: { if: [{ '==': [{ var: 'plan' }, 'gold'] }, 'b'] } },
    ratio: { state: 'ENABLED', variants: { half: 0.5 }, defaultVariant: 'half' },
    page: { state: 'ENABLED', variants: { full: { columns: 3 } }, defaultVariant: 'full' },
    disabled: { state: 'DISABLED', variants: { on: true }, defaultVariant: 'on' },
  },
});

const open = (sidecar: SidecarProcess, provider: Partial<PageOptions['provider']>, storage: string): Page => {
  const baseUrl = `http://127.0.0.1:${sidecar.local}`;
  return new Page({ provider: { baseUrl, ...provider }, context: { targetingKey: 'user-7', plan: 'silver' } }, storage);
};

test('all flags are there at the start, for the one who looks, and anew when that changes', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: settings() });
  await using page = open(sidecar, { cacheMode: 'disabled' }, 'start');
  const { flags } = await page.next('ready');
  expect(flags).toEqual({
    plain: [true, 'STATIC', 'on'],
    banner: ['hello', 'DEFAULT', 'a'],
    ratio: [0.5, 'STATIC', 'half'],
    page: [{ columns: 3 }, 'STATIC', 'full'],
    // A list of all flags leaves out those that have no value.
    disabled: [true, 'FLAG_NOT_FOUND'],
    unknown: ['mine', 'FLAG_NOT_FOUND'],
    banner_as_number: [7, 'TYPE_MISMATCH'],
  });
  page.becomes({ targetingKey: 'user-7', plan: 'gold' });
  expect((await page.next('context')).flags['banner']).toEqual(['good morning', 'TARGETING_MATCH', 'b']);
});

test('polling costs 304 until a flag changes, and then tells which', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: settings() });
  await using page = open(sidecar, { changeDetection: 'polling', pollInterval: 20, cacheMode: 'disabled' }, 'polling');
  await page.next('ready');
  const [first] = page.news;
  expect(first).toEqual({ news: 'fetched', status: 200, ifNoneMatch: null });
  await until('a poll that finds nothing new', () =>
    page.news.some((one) => one.news === 'fetched' && one.status === 304),
  );
  expect(page.news.some(({ news }) => news === 'changed')).toBe(false);
  await sidecar.apply(settings('b'));
  const { changed, flags } = await page.next('changed');
  expect([changed, flags['banner']]).toEqual([['banner'], ['good morning', 'DEFAULT', 'b']]);
  const polls = page.news.filter((one) => one.news === 'fetched' && one.ifNoneMatch !== null);
  expect(new Set(polls.map((poll) => poll.news === 'fetched' && poll.status))).toEqual(new Set([304, 200]));
});

test('without polling, changes come over the stream that the first answer names', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: settings() });
  await using page = open(sidecar, { cacheMode: 'disabled' }, 'stream');
  await page.next('ready');
  await page.next('stream opened');
  const asked = () => page.news.flatMap((one) => (one.news === 'fetched' ? [one.status] : []));
  // Something may have changed before the stream was open.
  await until('the question whether it has', () => asked().length === 2);
  for (const [variant, value] of [
    ['b', 'good morning'],
    ['a', 'hello'],
  ] as const) {
    const from = page.news.length;
    await sidecar.apply(settings(variant));
    const { changed, flags } = await page.next('changed', from);
    expect([changed, flags['banner']]).toEqual([['banner'], [value, 'DEFAULT', variant]]);
  }
  // Nothing else was asked for.
  expect(asked()).toEqual([200, 304, 200, 200]);
});

test('what a page has kept holds at once when it opens again, and is made new', async () => {
  await using sidecar = await startSidecar({ upstream: 9, settings: settings() });
  {
    await using page = open(sidecar, {}, 'kept');
    await page.next('ready');
  }
  await sidecar.apply(settings('b'));
  await using again = open(sidecar, {}, 'kept');
  expect((await again.next('ready')).flags['banner']).toEqual(['hello', 'CACHED', 'a']);
  expect((await again.next('changed')).flags['banner']).toEqual(['good morning', 'DEFAULT', 'b']);
  expect(await again.next('fetched')).toMatchObject({
    status: 200,
    ifNoneMatch: expect.stringMatching(/^".+"$/) as unknown,
  });
});
