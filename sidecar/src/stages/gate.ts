import { PASS, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { RoutesInForce } from '../routes-in-force.ts';

/** Lets a gated route through while its flag is on: its value is `true`. An unknown flag is off. */
export const gate = ({ flags }: RoutesInForce): Stage => ({
  name: 'gate',
  enter(exchange) {
    const { gate: flag, mode, metrics, settings } = exchange.route;
    if (flag === null || mode === 'Disabled') return PASS;
    if (flags.forRequest(flag, exchange, settings.match.path, 'gate').value === true) return PASS;
    if (mode === 'Enforce') return refusals.flagOff;
    metrics.wouldRefuse(refusals.flagOff);
    return PASS;
  },
});
