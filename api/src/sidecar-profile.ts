import Type, { type Static } from 'typebox';
import { Block, Choice, Duration, List, matching, Text } from './schema.ts';
import { RouteDefaultsSpec } from './route-settings.ts';
import { sampleRatio } from './resilience-policy.ts';
import { Selector } from './target.ts';

const quantity = matching(
  /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/,
  'is not a quantity (like 50m, 64Mi)',
);
const Quantities = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: Text(quantity, { description: 'Quantity.', maxLength: 64 }),
  maxProperties: 32,
});
const endpoint = matching(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'is not an http or https address');

const Tracing = Block(
  {
    endpoint: Text(endpoint, { description: 'Where spans go, by OTLP over HTTP.', maxLength: 2048 }),
    sampleRatio,
    propagators: List(Choice(['tracecontext', 'baggage', 'b3', 'b3multi'], { description: 'A format.' }), {
      description: 'Formats in which trace context is passed on.',
      minItems: 1,
      maxItems: 16,
    }),
  },
  { description: 'Tracing.' },
);

/** The `spec` of a SidecarProfile. `defaults` and `tracing.sampleRatio` reach running sidecars by the snapshot; all else, new pods. */
export const SidecarProfileSpec = Block(
  {
    selector: Selector,
    image: Text(matching(/^\S+$/, 'is not an image reference'), {
      description: 'Image of the sidecar. Default: what the operator is told.',
      maxLength: 1024,
    }),
    resources: Block(
      { requests: Quantities, limits: Quantities },
      {
        description: 'As in a container. Default: requests of 50m and 64Mi, and a memory limit of 256Mi.',
      },
    ),
    interception: Choice(['PortName', 'Redirect'], { description: 'How traffic is captured.', builtIn: 'PortName' }),
    drainDelay: Duration({ description: 'Served on after draining began.', builtIn: '5s', minimumMs: 0 }),
    startupTimeout: Duration({ description: 'Ready without settings after this.', builtIn: '10s', minimumMs: 0 }),
    logLevel: Choice(['debug', 'info', 'warn', 'error'], { description: 'Least level logged.', builtIn: 'info' }),
    accessLog: Block(
      { mode: Choice(['None', 'Refused', 'All'], { description: 'Which requests are logged.', builtIn: 'None' }) },
      { description: 'A line per request.' },
    ),
    tracing: Tracing,
    defaults: Block(
      { inbound: RouteDefaultsSpec },
      { description: 'As the defaults of a policy, at the lowest rank above the built-in.' },
    ),
  },
  { description: 'How sidecars run.' },
);
export type SidecarProfileSpec = Static<typeof SidecarProfileSpec>;
