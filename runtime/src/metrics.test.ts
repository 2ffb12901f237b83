import { expect, test } from 'vitest';
import { MetricsRegistry } from './metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';

test('counters, gauges and histograms are rendered as the text format asks', () => {
  const registry = new MetricsRegistry();
  registry.counter('requests_total', 'Requests.', { route: 'users', code: '200' }).add();
  registry.counter('requests_total', 'Requests.', { route: 'users', code: '503' }).add(2);
  registry.gauge('in_flight', 'Now.', {}, () => 3);
  const histogram = registry.histogram('duration_seconds', 'Time.', { route: 'users' }, [0.1, 1]);
  for (const seconds of [0.1, 0.5, 7]) histogram.observe(seconds);
  expect(registry.render()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{route="users",code="200"} 1
requests_total{route="users",code="503"} 2
# HELP in_flight Now.
# TYPE in_flight gauge
in_flight 3
# HELP duration_seconds Time.
# TYPE duration_seconds histogram
duration_seconds_bucket{route="users",le="0.1"} 1
duration_seconds_bucket{route="users",le="1"} 2
duration_seconds_bucket{route="users",le="+Inf"} 3
duration_seconds_sum{route="users"} 7.6
duration_seconds_count{route="users"} 3
`);
});

test('backslashes, quotes and line feeds are escaped', () => {
  const registry = new MetricsRegistry();
  registry.counter('a', 'one\\two\nthree "four"', { path: 'C:\\"x"\n' });
  expect(registry.render()).toBe(
    String.raw`# HELP a one\\two\nthree "four"
# TYPE a counter
a{path="C:\\\"x\"\n"} 0
`,
  );
});

test('the same name and labels give the same handle, whatever the order of the labels', () => {
  const registry = new MetricsRegistry();
  const one = registry.counter('a', '', { x: '1', y: '2' });
  expect(registry.counter('a', '', { y: '2', x: '1' })).toBe(one);
  expect(registry.counter('a', '', { x: '2', y: '1' })).not.toBe(one);
  expect(registry.histogram('h', '', {})).toBe(registry.histogram('h', '', {}));
});

test('a counter never falls', () => {
  const counter = new MetricsRegistry().counter('a', '');
  counter.add(5);
  counter.add(-1);
  counter.add(Number.NaN);
  expect(counter.value).toBe(5);
});

test('a gauge reads through the newest function, and one that throws is NaN', () => {
  const registry = new MetricsRegistry();
  registry.gauge('g', '', {}, () => 1);
  registry.gauge('g', '', {}, () => Infinity);
  registry.gauge('broken', '', {}, () => {
    throw new Error('no');
  });
  expect(registry.render()).toMatch(/^g \+Inf$/m);
  expect(registry.render()).toMatch(/^broken NaN$/m);
});

test('removing a route removes its series of every metric, and they start anew when it returns', () => {
  const registry = new MetricsRegistry();
  const gone = registry.counter('a', 'A.', { route: 'gone' });
  gone.add(7);
  registry.counter('a', 'A.', { route: 'stays' });
  registry.counter('a', 'A.', { other: 'gone' });
  registry.histogram('h', 'H.', { route: 'gone' });
  registry.removeSeries('route', 'gone');
  gone.add();
  expect(registry.render()).toBe('# HELP a A.\n# TYPE a counter\na{route="stays"} 0\na{other="gone"} 0\n');
  expect(registry.counter('a', 'A.', { route: 'gone' }).value).toBe(0);
});

test('an observation that is no duration changes nothing', () => {
  const registry = new MetricsRegistry();
  const histogram = registry.histogram('h', '', {}, [1]);
  histogram.observe(Number.NaN);
  histogram.observe(-1);
  expect(registry.render()).toContain('h_sum 0\nh_count 0\n');
});

test('mistakes of the program are thrown', () => {
  const registry = new MetricsRegistry();
  registry.counter('a', '');
  expect(() => registry.gauge('a', '', {}, () => 0)).toThrow('is a counter, not a gauge');
  expect(() => registry.counter('0a', '')).toThrow('not the name of a metric');
  expect(() => registry.counter('b', '', { 'a-b': '' })).toThrow('not the name of a label');
  expect(() => registry.histogram('h', '', { le: '1' })).toThrow('"le"');
  expect(() => registry.histogram('h', '', {}, [2, 1])).toThrow('do not ascend');
});

test('the process tells its CPU, memory, start and how busy its loop is', () => {
  const registry = new MetricsRegistry();
  registerProcessMetrics(registry);
  const text = registry.render();
  expect(text).toMatch(/^# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total \d/m);
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
  expect(Number(/^process_start_time_seconds (\S+)$/m.exec(text)?.[1])).toBeLessThan(Date.now() / 1000);
  const utilization = Number(/^nodejs_eventloop_utilization (\S+)$/m.exec(text)?.[1]);
  expect(utilization).toBeGreaterThanOrEqual(0);
  expect(utilization).toBeLessThanOrEqual(1);
});
