import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalisePath } from './request-path.ts';

const piece = fc.constantFrom(...'/ / / . . .. %2e %2E %2f %41 %61 %7e % %% 2e 41 a b %zz %c3 : @ é'.split(' '));
const path = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`);

test('a normal form is its own normal form', () => {
  fc.assert(
    fc.property(path, (raw) => {
      const normal = normalisePath(raw);
      expect(normalisePath(normal)).toBe(normal);
    }),
    { numRuns: 5000 },
  );
});

test('a normal form starts at the root and holds no dot segment, empty segment or needless escape', () => {
  let changed = 0;
  fc.assert(
    fc.property(path, (raw) => {
      const normal = normalisePath(raw);
      if (normal !== raw) changed++;
      expect(normal.startsWith('/')).toBe(true);
      const segments = normal.split('/').slice(1);
      expect(segments).not.toContain('.');
      expect(segments).not.toContain('..');
      expect(segments.slice(0, -1)).not.toContain('');
      for (const [, hex] of normal.matchAll(/%(.{0,2})/g)) {
        expect(hex).toMatch(/^[0-9A-F]{2}$/);
        expect(String.fromCharCode(Number.parseInt(hex!, 16))).not.toMatch(/[A-Za-z0-9._~-]/);
      }
    }),
    { numRuns: 5000 },
  );
  expect(changed).toBeGreaterThan(500);
});

test('where URL of the platform resolves dots the same path comes out', () => {
  // Without escapes and empty segments, on which it has other rules.
  const plain = fc.array(fc.constantFrom('a', 'b', '.', '..', '...', '.a'), { maxLength: 10 });
  fc.assert(
    fc.property(plain, (segments) => {
      const raw = `/${segments.join('/')}`;
      expect(normalisePath(raw)).toBe(new URL(raw, 'http://x').pathname.replace(/\/{2,}/g, '/'));
    }),
    { numRuns: 2000 },
  );
});
