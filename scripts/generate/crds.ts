import { FeatureFlagSetSpec } from '@fusebox/api/flag-set.ts';
import { LiveConfigSpec } from '@fusebox/api/live-config.ts';
import { GROUP, RESOURCE_NAMES, VERSION, VERSION_ANNOTATION } from '@fusebox/api/names.ts';
import { LiveConfigStatus, ObjectStatus } from '@fusebox/api/object-status.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { ResiliencePolicySpec } from '@fusebox/api/resilience-policy.ts';
import { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import { stringify } from 'yaml';
import type { Generator } from './generators.ts';
import { openApi } from './open-api.ts';

interface Column {
  name: string;
  type: 'string' | 'date';
  jsonPath: string;
  description?: string;
}

const accepted: Column = {
  name: 'Accepted',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
  description: 'Are the settings valid and in force?',
};
const programmed: Column = {
  name: 'Programmed',
  type: 'string',
  jsonPath: '.status.programmed',
  description: 'Pods that obey, of those that should.',
};
const openCircuits: Column = {
  name: 'Open Circuits',
  type: 'string',
  jsonPath: '.status.openCircuits',
  description: 'Routes whose circuit is open somewhere.',
};
const mode: Column = {
  name: 'Mode',
  type: 'string',
  jsonPath: '.spec.mode',
  description: 'Enforce, Shadow or Disabled; nothing: Enforce.',
};
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

interface Kind {
  name: keyof typeof RESOURCE_NAMES;
  description: string;
  spec: object;
  status: object;
  columns: Column[];
}

const kinds: readonly Kind[] = [
  {
    name: 'ResiliencePolicy',
    description:
      'Limits, circuits and timeouts for the workloads that it names, for pods by label, or for its namespace.',
    spec: ResiliencePolicySpec,
    status: ObjectStatus,
    columns: [mode, accepted, programmed, openCircuits, age],
  },
  {
    name: 'FeatureFlagSet',
    description: 'Feature flags for the workloads that it names, for pods by label, or for its namespace.',
    spec: FeatureFlagSetSpec,
    status: ObjectStatus,
    columns: [accepted, programmed, age],
  },
  {
    name: 'SidecarProfile',
    description: 'How the sidecars of a namespace run, and the lowest rank of their settings.',
    spec: SidecarProfileSpec,
    status: ObjectStatus,
    columns: [accepted, programmed, age],
  },
  {
    name: 'LiveConfig',
    description: 'What became of a labelled ConfigMap. The operator writes it; edit the ConfigMap instead.',
    spec: LiveConfigSpec,
    status: LiveConfigStatus,
    columns: [accepted, programmed, openCircuits, age],
  },
];

function definition({ name, description, spec, status, columns }: Kind): object {
  const { plural, singular, shortNames } = RESOURCE_NAMES[name];
  const schema = {
    description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: openApi(spec),
      status: openApi(status),
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'fusebox', 'app.kubernetes.io/part-of': 'fusebox' },
      annotations: { [VERSION_ANNOTATION]: PRODUCT_VERSION },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: name, listKind: `${name}List`, plural, singular, shortNames, categories: ['fusebox'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

const render = (kind: Kind): string =>
  `# Generated from the schemas in api/src by \`make generate\`. Do not edit by hand.\n${stringify(definition(kind), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })}`;

/** crds/: one CustomResourceDefinition per kind. */
export const crdFiles: readonly Generator[] = kinds.map((kind) => {
  return { file: `crds/${GROUP}_${RESOURCE_NAMES[kind.name].plural}.yaml`, render: () => render(kind) };
});
