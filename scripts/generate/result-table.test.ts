import { describe, expect, test } from 'vitest';
import { resultTable } from './result-table.ts';

const PAGE = `# A result

| proxy   | CPU |
| ------- | --: |
| sidecar | 1.0 |

Words.

| proxy   | p99 ms | p50 ms |
| ------- | -----: | -----: |
| sidecar |    2.0 |    3.0 |
| Envoy   |    4.0 |        |
`;

describe('a table of a result', () => {
  test('is found by one of its columns, and its cells by row and column', () => {
    const table = resultTable(PAGE, 'p50 ms');
    expect([...table.keys()]).toEqual(['sidecar', 'Envoy']);
    expect(table.get('sidecar')?.get('p99 ms')).toBe('2.0');
    expect(table.get('Envoy')?.get('p50 ms')).toBe('');
  });

  test('that is not there is an error', () => {
    expect(() => resultTable(PAGE, 'MiB')).toThrow('no table with a column "MiB"');
  });
});
