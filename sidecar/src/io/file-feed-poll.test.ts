import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { watchSettings } from './file-feed.ts';

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  watch: () => {
    throw Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' });
  },
}));

test('where the system tells of no changes, that is said once and the poll finds them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'poll-'));
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  const warnings: string[] = [];
  let wake: (text: string) => void = () => {};
  const next = (): Promise<string> => new Promise((resolve) => (wake = resolve));
  let delivered = next();
  const feed = watchSettings({
    path,
    pollMs: 5,
    onChange: ([file]) => wake(file?.text ?? ''),
    onError: () => {},
    onWarning: (message) => warnings.push(message),
  });
  for (const text of ['one', 'two, longer', 'three']) {
    if (text !== 'one') await writeFile(path, text);
    while ((await delivered) !== text) delivered = next();
    delivered = next();
  }
  feed.close();
  expect(warnings).toEqual(['changes are only noticed every 5 ms: System limit for number of file watchers reached']);
  await rm(root, { recursive: true });
});
