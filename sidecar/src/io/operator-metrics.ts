import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';

/** Whether the operator's stream is open. */
export function registerOperatorGauges(registry: MetricsRegistry, connected: () => boolean): void {
  registry.gauge('fusebox_operator_connected', "Whether the operator's stream is open (1) or not (0).", {}, () =>
    connected() ? 1 : 0,
  );
}
