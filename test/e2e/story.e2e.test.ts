/** The story that `make demo-cluster` tells, chapter by chapter. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstallable, whyNotRun } from '../support/installed.ts';
import { chapters } from './story/chapters.ts';
import { clear } from './story/clear.ts';
import { silent } from './story/narrator.ts';
import { openWorld } from './story/open-world.ts';

const why = whyNotRun(['postgres', 'nats-server']);
if (why !== null) {
  // Where it could have been installed, its absence is a failure.
  test('the story', ({ skip }) => {
    if (process.env['CI'] === 'true' && isInstallable()) expect.unreachable(why);
    skip(why);
  });
}

describe.skipIf(why !== null)('the story', () => {
  let world: Awaited<ReturnType<typeof openWorld>>;
  let failed: string | null = null;
  beforeAll(async () => {
    await clear();
    world = await openWorld(silent);
  }, 120_000);
  afterAll(() => world[Symbol.asyncDispose]());

  test.each([...chapters])(
    '$title',
    async ({ title, run }) => {
      if (failed !== null) expect.unreachable(`not run, for it begins with what "${failed}" leaves`);
      failed = title;
      await run(world);
      failed = null;
    },
    240_000,
  );
});
