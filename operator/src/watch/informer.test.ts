import { expect, test } from 'vitest';
import type { ListOptions, Page, WatchEvent, WatchOptions } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import { type KubeObject, resources } from '../kube/resource.ts';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { type Change, Informer } from './informer.ts';
import { Store } from './store.ts';

interface Kept {
  value: string;
}

const object = (name: string, version: number, value = name): KubeObject => ({
  metadata: { name, namespace: 'shop', resourceVersion: String(version) },
  value,
});

/** An API server that answers as the test tells it; a watch stays open until the test ends it. */
class ScriptedServer {
  readonly lists: ListOptions[] = [];
  readonly watches: WatchOptions[] = [];
  pages: (Page | Error)[] = [];
  refusals: Error[] = [];
  #end: { resolve(): void; reject(error: Error): void } | null = null;

  readonly list = async (_resource: unknown, options: ListOptions): Promise<Page> => {
    this.lists.push(options);
    const page = this.pages.length > 1 ? this.pages.shift()! : this.pages[0]!;
    if (page instanceof Error) throw page;
    return page;
  };

  readonly watch = (_resource: unknown, options: WatchOptions): Promise<void> => {
    this.watches.push(options);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    options.onOpen();
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      options.signal.addEventListener('abort', () => reject(new KubeError('Unreachable', 'aborted')));
    });
  };

  async send(type: WatchEvent['type'], about: KubeObject): Promise<void> {
    this.watches.at(-1)!.onEvent({ type, object: about });
    await settle();
  }

  async end(error?: Error): Promise<void> {
    if (error === undefined) this.#end!.resolve();
    else this.#end!.reject(error);
    await settle();
  }
}

const page = (version: number, items: KubeObject[], next: string | null = null): Page => ({
  items,
  resourceVersion: String(version),
  continue: next,
});

async function start(pages: (Page | Error)[] = [page(10, [object('a', 5), object('b', 7)])]) {
  const server = new ScriptedServer();
  server.pages = pages;
  const time = new FakeTime();
  const store = new Store<Kept>();
  const changes: string[] = [];
  const told: string[] = [];
  const informer = new Informer<Kept>({
    client: server,
    kind: {
      resource: resources.configMaps,
      keep: ({ value }) => (value === 'nothing' ? null : { value: String(value) }),
    },
    store,
    onChange: ({ key, before, after }: Change<Kept>) =>
      changes.push(`${key} ${before?.value ?? '-'} → ${after?.value ?? '-'}`),
    clock: time,
    timers: time,
    random: () => 0,
    watcher: {
      listed: (_plural, items) => told.push(`listed ${items}`),
      watchDied: () => told.push('died'),
      failed: (_plural, error, failures) => told.push(`failed ${failures}: ${(error as Error).message}`),
      recovered: () => told.push('recovered'),
    },
  });
  const running = informer.run();
  await settle();
  return { server, time, store, changes, told, informer, running };
}

test('a list in pages is there at once, when its last page has come', async () => {
  const { server, store, changes, informer } = await start([
    page(10, [object('a', 5)], 'more'),
    page(10, [object('b', 7)]),
  ]);
  expect(server.lists).toEqual([{ limit: 500 }, { limit: 500, continue: 'more' }]);
  expect(changes).toEqual(['shop/a - → a', 'shop/b - → b']);
  expect(store.size).toBe(2);
  expect(informer.resourceVersion).toBe('10');
});

test('the watch goes on where the list ended, and asks the server to end it after 20 s', async () => {
  const { server } = await start();
  expect(server.watches[0]).toMatchObject({ resourceVersion: '10', timeoutSeconds: 20 });
});

test('asked to, it lists again at once, also what did not change there but is kept otherwise now', async () => {
  const { server, changes, informer, told } = await start();
  server.pages = [page(20, [object('a', 5, 'nothing'), object('b', 7)])];
  informer.relist();
  await settle();
  expect(changes.slice(2)).toEqual(['shop/a a → -']);
  expect(server.watches.at(-1)).toMatchObject({ resourceVersion: '20' });
  expect(told).toEqual(['listed 2', 'listed 1']);
});

test('a list that was asked for and fails is made up for', async () => {
  const { server, time, store, informer } = await start();
  server.pages = [new KubeError('Busy', 'later'), page(20, [])];
  informer.relist();
  await settle();
  await time.pass(200);
  expect(store.size).toBe(0);
});

test('events keep the store current; what is not kept is as if it were deleted; what changes nothing is no change', async () => {
  const { server, changes, informer } = await start();
  changes.length = 0;
  await server.send('ADDED', object('c', 11));
  await server.send('MODIFIED', object('a', 12, 'new'));
  await server.send('MODIFIED', object('a', 13, 'new'));
  await server.send('MODIFIED', object('b', 14, 'nothing'));
  await server.send('DELETED', object('c', 15));
  expect(changes).toEqual(['shop/c - → c', 'shop/a a → new', 'shop/b b → -', 'shop/c c → -']);
  expect(informer.resourceVersion).toBe('15');
});

test('a watch that ends goes on at its last event or bookmark, without a list', async () => {
  const { server, time } = await start();
  await server.send('MODIFIED', object('a', 12));
  await server.send('BOOKMARK', { metadata: { name: '', resourceVersion: '40' } });
  await time.pass(20_000);
  await server.end();
  expect(server.watches[1]).toMatchObject({ resourceVersion: '40' });
  expect(server.lists).toHaveLength(1);
});

test('a watch that is silent beyond its time is dead 23 s after it began, and the next one goes on', async () => {
  const { server, time, told } = await start();
  await time.pass(22_999);
  expect(server.watches).toHaveLength(1);
  await time.pass(1);
  expect(server.watches).toHaveLength(2);
  expect(server.lists).toHaveLength(1);
  expect(told).toEqual(['listed 2', 'died']);
});

test('after a 410 all is listed again, and only what differs is a change', async () => {
  const { server, changes, told } = await start();
  changes.length = 0;
  server.pages = [page(90, [object('b', 80, 'new'), object('c', 85)])];
  await server.end(new KubeError('Expired', 'too old'));
  expect(changes).toEqual(['shop/a a → -', 'shop/b b → new', 'shop/c - → c']);
  expect(server.watches[1]).toMatchObject({ resourceVersion: '90' });
  expect(told).toEqual(['listed 2', 'listed 2']);
});

test('a list whose place expired between two pages begins again', async () => {
  const pages = [page(10, [object('a', 5)], 'more'), new KubeError('Expired', 'too old'), page(11, [object('a', 5)])];
  const { time, store } = await start(pages);
  await time.pass(300);
  expect(store.size).toBe(1);
});

test('while the API server is away it is asked ever more seldom, and the store stays', async () => {
  const { server, time, store, told } = await start();
  const away = new KubeError('Unreachable', 'away');
  server.pages = [away];
  server.refusals = Array.from({ length: 3 }, () => away);
  await server.end(away);
  await time.pass(60_000);
  expect(store.size).toBe(2);
  // Half of the doubled wait at least: 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5 …
  expect(told.filter((line) => line.startsWith('failed')).length).toBeGreaterThan(8);
  expect(told.filter((line) => line.startsWith('failed')).length).toBeLessThan(20);
});

test('after four failures in a row all is listed again: the API server may count from another number', async () => {
  const { server, time } = await start();
  const refusal = new KubeError('Busy', 'too large resource version');
  server.refusals = Array.from({ length: 3 }, () => refusal);
  await server.end(refusal);
  await time.pass(5_000);
  expect(server.lists).toHaveLength(2);
  expect(server.watches).toHaveLength(5);
});

test('a watch that ends as soon as it began counts as a failure', async () => {
  const { server, time, told } = await start();
  await time.pass(999);
  await server.end();
  expect(server.watches).toHaveLength(1);
  await time.pass(100);
  expect(server.watches).toHaveLength(2);
  await time.pass(1_000);
  expect(told).toEqual(['listed 2', 'failed 1: the API server ended a watch at once', 'recovered']);
});

test('it stops while it watches, and while it waits', async () => {
  const watching = await start();
  watching.informer.stop();
  await watching.running;
  const waiting = await start([new KubeError('Forbidden', 'no')]);
  waiting.informer.stop();
  await waiting.running;
  expect(waiting.told).toEqual(['failed 1: no']);
});
