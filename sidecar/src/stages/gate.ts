import { PASS, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { RoutesInForce } from '../routes-in-force.ts';

/** Lets a gated route through while its flag is on. An unknown flag reads as off. */
export const gate = (routes: RoutesInForce): Stage => ({
  name: 'gate',
  enter(exchange) {
    const { settings, mode, metrics } = exchange.route;
    if (settings.flag === null || mode === 'Disabled' || routes.flags.isOn(settings.flag, exchange)) return PASS;
    if (mode === 'Enforce') return refusals.flagOff;
    metrics.wouldRefuse(refusals.flagOff);
    return PASS;
  },
});
