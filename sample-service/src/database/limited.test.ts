import { expect, test } from 'vitest';
import type { After } from '../back-pressure.ts';
import { backgroundScope } from '../scope.ts';
import { changeableSettings } from '../settings/changeable-settings.ts';
import { fixedSettings } from '../settings/live-settings.ts';
import type { Database } from './database.ts';
import { shareDatabase } from './limited.ts';

const scope = backgroundScope('test');
const statement = { name: 'test', text: 'select 1' };
const never: After = () => () => {};

/** A database whose queries end when they are told to. */
function slowDatabase() {
  const running: (() => void)[] = [];
  const wait = async (): Promise<never[]> => {
    await new Promise<void>((resolve) => running.push(resolve));
    return [];
  };
  const database: Database = {
    kind: 'postgres',
    rows: wait,
    transaction: (_scope, work) => wait().then(() => work(database)),
    listen: () => Promise.resolve({ stop: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
  return { database, running };
}

test.each([
  [2, 1, 1],
  [5, 4, 1],
  [10, 8, 2],
  [100, 80, 20],
])(
  'of %i connections %i are for requests and %i for the background',
  async (connections, forRequests, forBackground) => {
    const { database, running } = slowDatabase();
    const settings = fixedSettings({ 'database.max_connections': connections, 'database.max_waiting': 0 });
    const { requests, background } = shareDatabase(database, settings, never);
    const asked = Array.from({ length: connections + 1 }, () =>
      requests.rows(scope, statement, []).catch(() => 'refused'),
    );
    expect(running).toHaveLength(forRequests);
    for (let query = 0; query < connections; query++) void background.transaction(scope, async () => {});
    expect(running).toHaveLength(forRequests + forBackground);
    running.forEach((end) => end());
    expect((await Promise.all(asked)).filter((answer) => answer === 'refused')).toHaveLength(
      connections + 1 - forRequests,
    );
  },
);

test('work in the background waits as long as it takes', async () => {
  const { database, running } = slowDatabase();
  const settings = fixedSettings({ 'database.max_connections': 2, 'database.max_waiting': 0 });
  const { background } = shareDatabase(database, settings, never);
  const answers = Array.from({ length: 500 }, () => background.rows(scope, statement, []));
  for (let query = 0; query < 500; query++) {
    running[query]!();
    await answers[query];
  }
  expect(running).toHaveLength(500);
});

test('more connections are used as soon as the settings say so', () => {
  const { database, running } = slowDatabase();
  const settings = changeableSettings({ 'database.max_connections': 5 });
  const { requests } = shareDatabase(database, settings, never);
  for (let query = 0; query < 20; query++) void requests.rows(scope, statement, []);
  expect(running).toHaveLength(4);
  settings.change({ 'database.max_connections': 10 });
  expect(running).toHaveLength(8);
});
