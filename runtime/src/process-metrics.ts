import type { MetricsRegistry } from './metrics.ts';

/** Registers what the process itself costs, by the names that Prometheus clients agree on. */
export function registerProcessMetrics(registry: MetricsRegistry): void {
  registry.counterFrom('process_cpu_seconds_total', 'CPU time spent, user and system (s).', {}, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.gauge('process_resident_memory_bytes', 'Resident memory (bytes).', {}, () => process.memoryUsage.rss());
  const startTimeSeconds = performance.timeOrigin / 1000;
  registry.gauge('process_start_time_seconds', 'When the process started (s since 1970).', {}, () => startTimeSeconds);
  let last = performance.eventLoopUtilization();
  registry.gauge(
    'nodejs_eventloop_utilization',
    'Share of the time since the last reading in which the event loop was busy (0..1).',
    {},
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  );
}
