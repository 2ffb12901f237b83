import type { Counter, MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { FlagMetrics } from '../flag-counts.ts';

/** Named as the attributes of OpenTelemetry's semantic conventions for feature flags are, less their common prefix. */
const NAME = 'fusebox_flag_evaluations_total';
const HELP = 'Evaluations of flags, by who asked (source), reason and variant.';

/** Beyond so many series (count) further ones share one for each source. */
const MAX_SERIES = 1_000;
/** Variants with longer names share one series. */
const MAX_VARIANT_LENGTH = 128;

/** No flag can be called so: keys begin with a letter or a digit. */
const OTHER = '_other';
const UNKNOWN = '_unknown';

/** Counts evaluations in `fusebox_flag_evaluations_total`. The number of its series is bounded, whatever flags and callers there are. */
export function newFlagMetrics(registry: MetricsRegistry): FlagMetrics {
  /** All series but the shared ones, by their labels. */
  const series = new Map<string, { flag: string; variant: string; counter: Counter }>();
  return {
    counter(flag, source, { reason: written, variant: name }) {
      const reason = written.toLowerCase();
      const variant = name === null ? '' : name.length > MAX_VARIANT_LENGTH ? OTHER : name;
      if (flag === null) return registry.counter(NAME, HELP, { flag: UNKNOWN, source, reason, variant });
      const id = JSON.stringify([flag, source, reason, variant]);
      const known = series.get(id);
      if (known !== undefined) return known.counter;
      if (series.size >= MAX_SERIES)
        return registry.counter(NAME, HELP, { flag: OTHER, source, reason: OTHER, variant: OTHER });
      const counter = registry.counter(NAME, HELP, { flag, source, reason, variant });
      series.set(id, { flag, variant, counter });
      return counter;
    },
    keep(variantsOf) {
      const gone = new Set<string>();
      for (const [id, { flag, variant }] of series) {
        const variants = variantsOf(flag);
        if (variants !== null && (variant === '' || variant === OTHER || variants.has(variant))) continue;
        series.delete(id);
        gone.add(JSON.stringify([flag, variant]));
      }
      if (gone.size === 0) return;
      registry.removeFrom(NAME, (labels) => gone.has(JSON.stringify([labels['flag'], labels['variant']])));
    },
  };
}
