import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { type Breach, Choice, List, matching, type Rule, Text } from './schema.ts';
import { OBJECT_NAME } from './workload-ref.ts';

/** Kinds of workload that a document may name, with their API group. */
const WORKLOAD_GROUPS = { Deployment: 'apps', StatefulSet: 'apps', DaemonSet: 'apps', Service: '' } as const;
const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Service'] as const;
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** A Kubernetes object name (RFC 1123 subdomain). */
export const objectName = matching(
  OBJECT_NAME,
  'is not an object name (lower-case letters, digits, - and .)',
  String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
);
const labelValue = matching(/^$|^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/, 'is not a label value');
const labelKey = matching(
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
  'is not a label key',
);

/** Labels by key. */
export const Labels = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: Text(labelValue, { description: 'Value.', maxLength: 63 }),
  keyForm: labelKey,
});

const TargetRef = Type.Object(
  {
    group: Type.Optional(Text(() => null, { description: 'API group; follows from the kind.', maxLength: 253 })),
    kind: Choice(WORKLOAD_KINDS, { description: 'Kind of the workload.' }),
    name: Text(objectName, { description: 'Its name, in the namespace of this document.', maxLength: 253 }),
  },
  {
    additionalProperties: false,
    rule: {
      across: ['group', 'kind'],
      check: groupFitsKind,
      cel: [
        {
          rule: "!has(self.group) || self.group == (self.kind == 'Service' ? '' : 'apps')",
          message: 'is not the group of this kind; write "" for Service and "apps" for the others, or leave it out',
          at: '.group',
        },
      ],
    },
  },
);
const Requirement = Type.Object(
  {
    key: Text(labelKey, { description: 'Label.', maxLength: 317 }),
    operator: Choice(OPERATORS, { description: 'What is asked of the label.' }),
    values: Type.Optional(
      List(Text(labelValue, { description: 'Value.', maxLength: 63 }), {
        description: 'For In and NotIn.',
        maxItems: 256,
      }),
    ),
  },
  {
    additionalProperties: false,
    rule: {
      across: ['operator', 'values'],
      check: valuesFitOperator,
      cel: [
        {
          rule: "!(self.operator in ['In', 'NotIn']) || has(self.values) && size(self.values) > 0",
          message: 'In and NotIn need values',
        },
        {
          rule: "self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0",
          message: 'Exists and DoesNotExist take no values',
        },
      ],
    },
  },
);

/** A label selector, with the meaning that it has in Kubernetes. Empty: every pod. */
export const Selector = Type.Object(
  {
    matchLabels: Type.Optional(Type.Unsafe<Record<string, string>>({ ...Labels, maxProperties: 64 })),
    matchExpressions: Type.Optional(List(Requirement, { description: 'All must hold.', maxItems: 64 })),
  },
  { additionalProperties: false, description: 'Pods by label.' },
);
export type Selector = Static<typeof Selector>;

const ONE_AIM = 'targetRefs and selector exclude each other';

const targetFields = {
  targetRefs: Type.Optional(List(TargetRef, { description: 'Workloads by name.', minItems: 1, maxItems: 64 })),
  selector: Type.Optional(Selector),
};

/** An object that may say whom it is for: by `targetRefs` or by `selector`, never both; neither means the namespace. */
export function Targeted<P extends TProperties>(
  properties: P,
  words: { description: string; refused?: Record<string, string>; moreRules?: readonly Rule[] },
): TObject<typeof targetFields & P> {
  return Type.Object(
    { ...targetFields, ...properties },
    {
      additionalProperties: false,
      rule: {
        across: ['targetRefs', 'selector'],
        check: oneAim,
        cel: [{ rule: '!has(self.targetRefs) || !has(self.selector)', message: ONE_AIM }],
      },
      ...words,
    },
  );
}

function oneAim(spec: { targetRefs?: unknown; selector?: unknown }): Breach[] {
  if (spec.targetRefs === undefined || spec.selector === undefined) return [];
  return [{ path: [], message: ONE_AIM }];
}

function groupFitsKind(ref: { group?: string; kind: keyof typeof WORKLOAD_GROUPS }): Breach[] {
  const right = WORKLOAD_GROUPS[ref.kind];
  if (ref.group === undefined || ref.group === right) return [];
  return [
    { path: ['group'], message: `"${ref.group}" is not the group of ${ref.kind}; write "${right}" or leave it out` },
  ];
}

function valuesFitOperator(requirement: { operator: string; values?: string[] }): Breach[] {
  const { operator, values = [] } = requirement;
  const wanted = operator === 'In' || operator === 'NotIn';
  if (wanted === values.length > 0) return [];
  return [{ path: ['values'], message: wanted ? `${operator} needs values` : `${operator} takes no values` }];
}
