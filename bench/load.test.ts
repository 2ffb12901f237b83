import { expect, test } from 'vitest';
import { readWrk } from './load.ts';

const output = `Running 4s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.35ms    1.02ms  41.09ms   95.62%
    Req/Sec    27.47k     2.57k   30.90k    87.50%
  Latency Distribution
     50%  813.00us
     75%    2.43ms
     90%    2.76ms
     99%    1.20s
  109466 requests in 4.00s, 34.45MB read
Requests/sec:  27340.69
Transfer/sec:      8.60MB
`;

test('the figures of wrk are read in milliseconds', () => {
  expect(readWrk(output)).toEqual({
    requests: 109_466,
    perSecond: 27_340.69,
    p50Ms: 0.813,
    p99Ms: 1200,
    failures: 0,
    refused: 0,
  });
});

test('failed connections and bad answers are counted, slow ones are not', () => {
  const bad = `${output}  Socket errors: connect 1, read 2, write 0, timeout 3\n  Non-2xx or 3xx responses: 10\n`;
  expect(readWrk(bad)).toMatchObject({ failures: 3, refused: 10 });
});

test('output of another form is an error, not a zero', () => {
  expect(() => readWrk('unable to connect')).toThrow('unable to connect');
});
