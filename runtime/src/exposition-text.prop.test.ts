import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MetricsRegistry } from './metrics.ts';

/** A reader of one sample line, written from the format's description: name, labels with escapes, value. */
function readSample(line: string): { name: string; labels: Record<string, string>; value: string } {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? '';
  const labels: Record<string, string> = {};
  let at = name.length;
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const label = /^[a-zA-Z_][a-zA-Z0-9_]*="/.exec(line.slice(at))?.[0];
      if (label === undefined) throw new Error(`no label at ${at} of ${line}`);
      at += label.length;
      let value = '';
      while (line[at] !== '"') {
        const escaped = line[at] === '\\';
        if (escaped) at += 1;
        value += escaped && line[at] === 'n' ? '\n' : line[at];
        at += 1;
      }
      labels[label.slice(0, -2)] = value;
      at += line[at + 1] === ',' ? 2 : 1;
    }
    at += 1;
  }
  if (line[at] !== ' ') throw new Error(`no space at ${at} of ${line}`);
  return { name, labels, value: line.slice(at + 1) };
}

const value = fc.string({
  unit: fc.constantFrom('\\', '"', '\n', 'n', '}', '{', ',', '=', ' ', 'é', '\r'),
  maxLength: 12,
});
const label = fc.constantFrom('a', 'b', 'route', '_x9');

test('every label value comes back from the text as it went in, on one line', () => {
  fc.assert(
    fc.property(fc.dictionary(label, value, { noNullPrototype: true }), value, (labels, help) => {
      const registry = new MetricsRegistry();
      registry.counter('m_total', help, labels).add(3);
      const lines = registry.render().split('\n');
      expect(lines).toHaveLength(4);
      expect(readSample(lines[2] ?? '')).toEqual({ name: 'm_total', labels, value: '3' });
    }),
  );
});
