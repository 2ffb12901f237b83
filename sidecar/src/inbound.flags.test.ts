/** Flags in the whole proxy: routes that a flag chooses, what is counted, and what a trace tells. */
import { beforeAll, describe, expect, test } from 'vitest';
import { prepareFlags } from './flags-in-force.ts';
import { Simulation } from './testing/simulate.ts';

const variants = { on: true, off: false };
const byPlan = {
  state: 'ENABLED',
  variants: { gold: 1, silver: 2, none: 3 },
  defaultVariant: 'none',
  targeting: { if: [{ in: [{ var: 'plan' }, ['gold', 'silver']] }, { var: 'plan' }, null] },
};

function settings(routes: object[], flags: object, more: { mode?: string; context?: object } = {}): string {
  const { mode = 'Enforce', context = { headers: { 'x-plan': 'plan' }, pathParameters: true } } = more;
  return [
    { kind: 'ResiliencePolicy', spec: { mode, inbound: { routes } } },
    { kind: 'FeatureFlagSet', spec: { flags, context } },
  ]
    .map((one) => JSON.stringify({ apiVersion: 'fusebox.dev/v1alpha1', metadata: { name: 'a' }, ...one }))
    .join('\n---\n');
}

/** Sends one request and says which route took it. */
function routeOf(sim: Simulation, target: string, headers: Record<string, string> = {}): string {
  const before = sim.accessLines.length;
  sim.get(target, headers);
  sim.advance(0);
  return sim.accessLines[before]!.route;
}

const evaluations = (sim: Simulation): string[] =>
  sim.registry
    .render()
    .split('\n')
    .filter((line) => line.startsWith('fusebox_flag_evaluations_total'))
    .map((line) => line.slice('fusebox_flag_evaluations_total'.length));

beforeAll(() => prepareFlags({ flagDefinitions: {} }));

describe('a route that a flag chooses', () => {
  const match = { path: '/search' };
  const plain = { name: 'plain', match };

  test('takes the requests for which the flag is true, and follows its edits', () => {
    const routes = [plain, { name: 'new', match, when: { flag: 'new' } }];
    const sim = new Simulation(settings(routes, { new: true }));
    expect(routeOf(sim, '/search')).toBe('new');
    sim.edit(settings(routes, { new: false }));
    expect(routeOf(sim, '/search')).toBe('plain');
    sim.edit(settings(routes, {}));
    expect(routeOf(sim, '/search')).toBe('plain');
    sim.edit(settings(routes, { new: { state: 'DISABLED', variants, defaultVariant: 'on' } }));
    expect(routeOf(sim, '/search')).toBe('plain');
  });

  test('takes the requests for which the flag has the variant', () => {
    const routes = [
      plain,
      { name: 'gold', match, when: { flag: 'plan', variant: 'gold' } },
      { name: 'silver', match, when: { flag: 'plan', variant: 'silver' } },
    ];
    const sim = new Simulation(settings(routes, { plan: byPlan }));
    const plans = ['gold', 'silver', 'copper'].map((plan) => routeOf(sim, '/search', { 'x-plan': plan }));
    expect(plans).toEqual(['gold', 'silver', 'plain']);
    expect(routeOf(sim, '/search')).toBe('plain');
  });

  test('knows a header as the service does, also beyond ASCII', () => {
    const targeting = { if: [{ '==': [{ var: 'plan' }, 'größer'] }, 'on', 'off'] };
    const flag = { state: 'ENABLED', variants, targeting };
    const sim = new Simulation(settings([plain, { name: 'big', match, when: { flag: 'big' } }], { big: flag }));
    expect(routeOf(sim, '/search', { 'x-plan': Buffer.from('größer', 'utf8').toString('latin1') })).toBe('big');
    expect(routeOf(sim, '/search', { 'x-plan': 'gr' })).toBe('plain');
  });

  test('names the variants of a flag that is true or false on and off', () => {
    const when = { flag: 'a', variant: 'off' };
    const sim = new Simulation(settings([plain, { name: 'without', match, when }], { a: false }));
    expect(routeOf(sim, '/search')).toBe('without');
    sim.edit(settings([plain, { name: 'without', match, when }], { a: true }));
    expect(routeOf(sim, '/search')).toBe('plain');
  });

  test('has limits, a circuit and metrics of its own', () => {
    const when = { flag: 'plan', variant: 'gold' };
    const routes = [
      { ...plain, circuitBreaker: { failureThreshold: 1 } },
      { name: 'gold', match, when, circuitBreaker: { failureThreshold: 1 } },
    ];
    const sim = new Simulation(settings(routes, { plan: byPlan }));
    sim.service.behave = () => ({ status: 500 });
    routeOf(sim, '/search', { 'x-plan': 'gold' });
    expect(sim.route('gold').circuit.state.kind).toBe('open');
    expect(sim.route('plain').circuit.state.kind).toBe('closed');
    expect(sim.metric('fusebox_requests_total{direction="inbound",route="gold",code="500"}')).toBe(1);
  });

  test('knows the parameters of its own path', () => {
    const own = { state: 'ENABLED', variants, targeting: { if: [{ '==': [{ var: 'team' }, 'web'] }, 'on', 'off'] } };
    const routes = [
      { name: 'mine', match: { path: '/teams/:team' }, when: { flag: 'own' } },
      { name: 'others', match: { path: '/teams/:id' } },
    ];
    const sim = new Simulation(settings(routes, { own }));
    expect(routeOf(sim, '/teams/web')).toBe('mine');
    expect(routeOf(sim, '/teams/ops')).toBe('others');
  });

  test.each(['Enforce', 'Shadow', 'Disabled'])(
    'is chosen in the mode %s: which route it is does not hang on the mode',
    (mode) => {
      const sim = new Simulation(
        settings([plain, { name: 'new', match, when: { flag: 'new' } }], { new: true }, { mode }),
      );
      expect(routeOf(sim, '/search')).toBe('new');
    },
  );

  test('may be gated, and goes off with a circuit as its flag does', () => {
    const feature = { state: 'ENABLED', variants, defaultVariant: 'on', offWhile: { circuitOpen: 'inbound/broken' } };
    const routes = [
      plain,
      { name: 'new', match, when: { flag: 'feature' } },
      { name: 'broken', match: { path: '/broken' }, circuitBreaker: { failureThreshold: 1 } },
    ];
    const sim = new Simulation(settings(routes, { feature }));
    expect(routeOf(sim, '/search')).toBe('new');
    sim.service.behave = () => ({ status: 500 });
    routeOf(sim, '/broken');
    expect(routeOf(sim, '/search')).toBe('plain');
    expect(evaluations(sim)).toEqual([
      '{flag="feature",source="when",reason="static",variant="on"} 1',
      '{flag="feature",source="when",reason="circuit_open",variant="off"} 1',
    ]);
  });
});

describe('evaluations are counted', () => {
  const gated = { name: 'gated', match: { path: '/gated' }, flag: 'plan' };
  const chosen = { name: 'chosen', match: { pathPrefix: '/c' }, when: { flag: 'plan', variant: 'gold' } };

  test('by flag, reason, variant and who asked, and only where some flag is asked', () => {
    const sim = new Simulation(settings([gated, chosen], { plan: byPlan }));
    routeOf(sim, '/elsewhere');
    expect(evaluations(sim)).toEqual([]);
    for (const plan of ['gold', 'gold', 'copper']) routeOf(sim, '/gated', { 'x-plan': plan });
    routeOf(sim, '/c', { 'x-plan': 'silver' });
    expect(evaluations(sim)).toEqual([
      '{flag="plan",source="gate",reason="targeting_match",variant="gold"} 2',
      '{flag="plan",source="gate",reason="default",variant="none"} 1',
      '{flag="plan",source="when",reason="targeting_match",variant="silver"} 1',
    ]);
  });

  test('on through an edit of anything else; a variant and a flag that are no more leave', () => {
    const sim = new Simulation(settings([gated], { plan: byPlan }));
    const ask = (plan: string) => routeOf(sim, '/gated', { 'x-plan': plan });
    ['gold', 'silver'].map(ask);
    sim.edit(settings([{ ...gated, timeout: '1s' }], { plan: byPlan, other: true }));
    ask('gold');
    expect(evaluations(sim)[0]).toContain('variant="gold"} 2');
    const { gold: _gold, ...fewer } = byPlan.variants;
    sim.edit(settings([gated], { plan: { ...byPlan, variants: fewer } }));
    ask('silver');
    expect(evaluations(sim)).toEqual(['{flag="plan",source="gate",reason="targeting_match",variant="silver"} 2']);
    sim.edit(settings([gated], {}));
    ask('silver');
    expect(evaluations(sim)).toEqual(['{flag="_unknown",source="gate",reason="error",variant=""} 1']);
  });

  test('not where the policy is disabled: no gate is asked', () => {
    const sim = new Simulation(settings([gated], { plan: byPlan }, { mode: 'Disabled' }));
    routeOf(sim, '/gated');
    expect(evaluations(sim)).toEqual([]);
  });
});

describe('a trace tells', () => {
  const traceparent = (sampled: boolean): string =>
    `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0${sampled ? 1 : 0}`;
  const routes = [
    { name: 'gold', match: { path: '/a' }, when: { flag: 'plan', variant: 'gold' } },
    { name: 'plain', match: { path: '/a' }, flag: 'unknown' },
  ];

  test('each flag that was asked, in order, as OpenTelemetry names it, and not for whom', () => {
    const sim = new Simulation(
      settings(routes, { plan: byPlan }, { context: { headers: { 'x-user': 'targetingKey' } } }),
    );
    sim.get('/a', { traceparent: traceparent(true), 'x-user': 'somebody' });
    expect(sim.spans).toHaveLength(1);
    const [first, second, third] = sim.spans[0]!.events;
    expect(first).toEqual({
      name: 'feature_flag.evaluation',
      wallMs: sim.nowMs,
      attributes: {
        'feature_flag.key': 'plan',
        'feature_flag.provider.name': 'fusebox',
        'feature_flag.result.variant': 'none',
        'feature_flag.result.reason': 'default',
      },
    });
    expect(second?.attributes).toEqual({
      'feature_flag.key': 'unknown',
      'feature_flag.provider.name': 'fusebox',
      'feature_flag.result.reason': 'error',
      'error.type': 'flag_not_found',
    });
    expect(third?.name).toBe('fusebox.refused');
    expect(JSON.stringify(sim.spans)).not.toContain('somebody');
  });

  test.each([
    ['a boolean', true, true],
    ['a short text', 'x'.repeat(128), 'x'.repeat(128)],
    ['a long text', 'x'.repeat(129), undefined],
    ['an object', { deep: 1 }, undefined],
  ])('a value that is %s', (_what, value, told) => {
    const flag = { state: 'ENABLED', variants: { only: value }, defaultVariant: 'only' };
    const sim = new Simulation(settings([{ name: 'a', match: { path: '/a' }, flag: 'a' }], { a: flag }));
    sim.get('/a', { traceparent: traceparent(true) });
    sim.advance(0);
    expect(sim.spans[0]!.events[0]!.attributes!['feature_flag.result.value']).toBe(told);
  });

  test('nothing where it is not sampled', () => {
    const sim = new Simulation(settings(routes, { plan: byPlan }));
    sim.get('/a', { traceparent: traceparent(false) });
    expect(sim.spans).toEqual([]);
  });
});
