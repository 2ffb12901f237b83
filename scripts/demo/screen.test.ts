import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Screen } from './screen.ts';

function fakeOut(isTTY: boolean): { out: NodeJS.WriteStream; text: () => string } {
  const stream = new PassThrough({ encoding: 'utf8' });
  const out = Object.assign(stream, { isTTY, columns: 20, rows: 10 }) as unknown as NodeJS.WriteStream;
  return { out, text: () => String(stream.read() ?? '') };
}

describe('the screen of the demo', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubEnv('TERM', 'xterm');
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  test('without a terminal there are only plain lines', () => {
    const { out, text } = fakeOut(false);
    const screen = new Screen(out);
    screen.start(() => ['picture']);
    screen.print('a line');
    vi.advanceTimersByTime(1000);
    screen.stop();
    expect(text()).toBe('a line\n');
  });

  test('in a terminal each picture takes the place of the one before, and lines stay above it', () => {
    const { out, text } = fakeOut(true);
    const screen = new Screen(out);
    screen.start(() => ['one', 'two']);
    vi.advanceTimersByTime(100);
    expect(text()).toContain('one\x1b[K\ntwo\x1b[K\n');
    screen.print('a line');
    expect(text()).toContain('\x1b[2A\ra line\x1b[K\none\x1b[K\ntwo\x1b[K\n\x1b[J');
    screen.stop();
    expect(text()).toBe('\x1b[2A\r\x1b[J\x1b[?25h');
  });

  test('a line that would wrap is cut, without its colours', () => {
    const { out, text } = fakeOut(true);
    new Screen(out).start(() => [`\x1b[31m${'x'.repeat(30)}\x1b[39m`]);
    vi.advanceTimersByTime(100);
    expect(text()).toContain(`\r${'x'.repeat(19)}\x1b[K\n`);
  });
});
