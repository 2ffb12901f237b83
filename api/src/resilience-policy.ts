import Type, { type Static } from 'typebox';
import { Block, Choice, List, MODES, NOT_YET } from './schema.ts';
import { annotationAims } from './flag-set.ts';
import { RouteDefaultsSpec, RouteSpec } from './route-settings.ts';
import { Targeted } from './target.ts';

const InboundSpec = Block(
  {
    unmatched: Choice(['Allow', 'Refuse'], {
      description: 'Requests that no route takes: served under defaults, or refused as 404 no-route.',
      builtIn: 'Allow',
    }),
    defaults: RouteDefaultsSpec,
    routes: List(RouteSpec, {
      description: 'Routes, merged by name. The most specific match wins, whatever the order.',
      unique: { field: 'name' },
    }),
  },
  { description: 'Traffic to the service.' },
);

/** Which share of traces is sampled. */
export const sampleRatio = Type.Number({
  description: 'Share of new traces that are sampled, 0 to 1.',
  minimum: 0,
  maximum: 1,
});

const policyFields = {
  mode: Type.Optional(
    Choice(MODES, {
      description:
        'Of every block that does not say its own: Enforce refuses, Shadow only counts, Disabled does neither.',
      builtIn: 'Enforce',
    }),
  ),
  inbound: Type.Optional(InboundSpec),
  tracing: Type.Optional(Block({ sampleRatio }, { description: 'Tracing.' })),
};

const refused = { outbound: NOT_YET };

/** `policy.yaml` of a labelled ConfigMap: whom it is for stands in the ConfigMap's annotation. */
export const ConfigMapPolicy = Type.Object(policyFields, {
  additionalProperties: false,
  refused: { ...refused, ...annotationAims() },
});
export type PolicySpec = Static<typeof ConfigMapPolicy>;

/** The `spec` of a ResiliencePolicy. */
export const ResiliencePolicySpec = Targeted(policyFields, { description: 'Limits, circuits and timeouts.', refused });
export type ResiliencePolicySpec = Static<typeof ResiliencePolicySpec>;
