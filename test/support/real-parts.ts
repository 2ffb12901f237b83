import { expect, test } from 'vitest';
import { isInstallable, whyNotRun } from './installed.ts';

/**
 * Why tests that need these programs cannot run here; null: all of them are there. Where one is missing, a test called
 * `title` says so, with the command that installs it; in CI it fails where that could have been done.
 */
export function whyNotTested(title: string, programs: readonly string[]): string | null {
  const why = whyNotRun(programs);
  if (why === null) return null;
  test(title, ({ skip }) => {
    if (process.env['CI'] === 'true' && isInstallable()) expect.unreachable(why);
    skip(why);
  });
  return why;
}
