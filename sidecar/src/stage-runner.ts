import { PASS, WAIT, type Exchange, type Stage } from './exchange.ts';
import type { Refusal } from './refusals.ts';

/** What stands at the end of the lists. */
export interface Ends {
  /** All stages let the exchange pass: send it to the service. */
  send(exchange: Exchange): void;
  /** A stage refused it. */
  refuse(exchange: Exchange, refusal: Refusal): void;
}

/** Takes an exchange through the stages, and back: each stage that was passed settles exactly once, in reverse order. */
export class StageRunner {
  private readonly stages: readonly Stage[];
  private readonly ends: Ends;
  /** Exchanges that may go on, once nobody is being settled: run one after the other, not one inside the other. */
  private readonly ready: Exchange[] = [];
  private busy = false;

  constructor(stages: readonly Stage[], ends: Ends) {
    this.stages = stages;
    this.ends = ends;
  }

  run(exchange: Exchange): void {
    const { stages } = this;
    while (exchange.step < stages.length) {
      const decision = stages[exchange.step]!.enter(exchange);
      if (decision === WAIT) return;
      if (decision !== PASS) {
        this.ends.refuse(exchange, decision);
        return;
      }
      exchange.step++;
    }
    this.ends.send(exchange);
  }

  /** The stage that kept this exchange has let it pass. */
  resume(exchange: Exchange): void {
    exchange.step++;
    this.ready.push(exchange);
    if (!this.busy) this.runReady();
  }

  /** Ends an exchange's way through the stages, wherever it is. Whoever gets its place goes on after the last stage has settled. */
  settle(exchange: Exchange): void {
    const { stages } = this;
    const outermost = !this.busy;
    this.busy = true;
    if (exchange.step < stages.length) stages[exchange.step]!.leave?.(exchange);
    for (let index = exchange.step - 1; index >= 0; index--) stages[index]!.settle?.(exchange);
    if (!outermost) return;
    this.busy = false;
    if (this.ready.length > 0) this.runReady();
  }

  private runReady(): void {
    this.busy = true;
    for (let exchange = this.ready.shift(); exchange !== undefined; exchange = this.ready.shift()) {
      if (exchange.finished) continue;
      const decision = this.stages[exchange.step - 1]!.resumed?.(exchange) ?? PASS;
      if (decision === PASS) this.run(exchange);
      else this.ends.refuse(exchange, decision);
    }
    this.busy = false;
  }
}
