import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { FlagsInForce } from '@fusebox/sidecar/flags-in-force.ts';
import type { Exchange } from '@fusebox/sidecar/exchange.ts';
import { newFlagMetrics } from '@fusebox/sidecar/io/flag-metrics.ts';
import type { RoutesInForce } from '@fusebox/sidecar/routes-in-force.ts';
import { gate } from '@fusebox/sidecar/stages/gate.ts';
import { spread, type Spread } from './median.ts';

const calls = 1_000_000;

/** CPU time that the gate of a boolean flag takes by itself (ns a request), with the counting: what a busy machine cannot blur. */
export function gateAloneNs(rounds: number): Spread {
  const flags = new FlagsInForce(() => undefined, newFlagMetrics(new MetricsRegistry()));
  flags.apply({ flags: { simple: true } });
  const stage = gate({ flags } as RoutesInForce);
  const route = { gate: flags.flag('simple'), mode: 'Enforce', settings: { match: { path: { kind: 'any' } } } };
  const exchange = { route, nowMs: 0, evaluations: null } as unknown as Exchange;
  const roundNs = (): number => {
    const before = process.cpuUsage();
    let passed = 0;
    for (let call = 0; call < calls; call++) passed += stage.enter(exchange) === 0 ? 1 : 0;
    if (passed !== calls) throw new Error('the gate is shut');
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / calls;
  };
  roundNs(); // warm-up, not counted
  return spread(Array.from({ length: rounds }, roundNs));
}
