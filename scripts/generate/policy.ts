import { FeatureFlagSetSpec } from '@fusebox/api/flag-set.ts';
import { ResiliencePolicySpec } from '@fusebox/api/resilience-policy.ts';
import type { Shape } from '@fusebox/api/schema.ts';
import { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';
import type { DescribedShape } from './open-api.ts';

/** Where each block was told first: one that stands in several places is told once. */
type ToldBlocks = Map<object, string>;

/** The fields of one kind as rows, in the order of the schema. */
function fieldRows(kind: string, spec: DescribedShape, told: ToldBlocks): string[][] {
  const rows: string[][] = [];
  const addFields = (path: string, shape: DescribedShape): void => {
    if (shape.items !== undefined) addFields(`${path}[]`, shape.items);
    const { additionalProperties: values } = shape;
    if (values !== undefined && values !== false) addFields(`${path}.KEY`, values);
    for (const [name, field] of Object.entries(shape.properties ?? {})) {
      addField(path === '' ? name : `${path}.${name}`, field, shape.required?.includes(name) ?? false);
    }
  };
  const addField = (path: string, field: DescribedShape, isRequired: boolean): void => {
    const toldAt = told.get(field.properties ?? field);
    rows.push([code(path), toldAt ?? typeOf(field), defaultOf(field, isRequired), field.description ?? '']);
    if (toldAt !== undefined) return;
    if (field.properties !== undefined) told.set(field.properties, `as ${code(path)} of ${kind}`);
    addFields(path, field);
  };
  addFields('', spec);
  return rows;
}

function defaultOf(shape: DescribedShape, isRequired: boolean): string {
  if (isRequired) return '(required)';
  if (shape.builtIn === undefined) return '';
  const text = String(shape.builtIn);
  return text.includes(' ') ? text : code(text);
}

function typeOf(shape: DescribedShape): string {
  if (shape.enum !== undefined) return shape.enum.map(code).join(', ');
  if (shape.type === 'array') return `list of ${shape.items === undefined ? 'anything' : typeOf(shape.items)}`;
  if (shape.type === 'string') return formOf(shape);
  if (shape.type === 'object') return shape.properties === undefined ? 'map' : 'object';
  return `${shape.type ?? 'anything'}${rangeOf(shape)}`;
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Shape): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (exclusiveMinimum !== undefined && maximum !== undefined) return `, above ${exclusiveMinimum}, to ${maximum}`;
  return '';
}

/** What a text must be, in the words of the complaint about one that is not. NUL is in no form of ours. */
function formOf(shape: Shape): string {
  const complaint = shape.form?.('\0') ?? null;
  return complaint?.match(/^is not an? ([^:]*?)(?: \(like .*)?$/)?.[1] ?? 'text';
}

function section(kind: string, schema: object, told: ToldBlocks): string {
  const spec = schema as DescribedShape;
  return `## ${kind}

${spec.description ?? ''} Fields of its \`spec\`:

${table(['field', 'type', 'default', ''], fieldRows(kind, spec, told))}
`;
}

function render(): string {
  const told: ToldBlocks = new Map();
  return `${generatedNote('the schemas in api/src')}
# Policies, flags and profiles

Documents of group \`fusebox.dev/v1alpha1\`. An unknown field is an error. Nothing here has to be written: fields merge across
the documents that apply, and what no document says has the default told below. A block such as \`concurrency\` exists only
where some document names it; its defaults hold from then on.

Durations are texts with units: \`250ms\`, \`5s\`, \`1m30s\`. Thresholds and jitter are percents; \`sampleRatio\` is a ratio.

${section('ResiliencePolicy', ResiliencePolicySpec, told)}
${section('FeatureFlagSet', FeatureFlagSetSpec, told)}
${section('SidecarProfile', SidecarProfileSpec, told)}
A profile reaches new pods, and those that are restarted: \`image\`, \`resources\` and what else needs a new pod is told of as
\`Outdated\` until then. \`defaults\` and \`tracing.sampleRatio\` hold at once. A sidecar with a file obeys these two only.

## ConfigMap

A ConfigMap labelled \`fusebox.dev/config: "true"\` may hold the same: the key \`policy.yaml\` a ResiliencePolicy's \`spec\`, the key
\`flags.yaml\` a FeatureFlagSet's, both without \`targetRefs\` and \`selector\`. The annotation \`fusebox.dev/target:
deployment/users\` says whom it is for; without it, the whole namespace. Its other keys, and those of \`binaryData\`, are live
configuration for the service: see [semantics](semantics.md#live-configuration).
`;
}

/** docs/policy.md: every field that people may write. */
export const policyPage: Generator = { file: 'docs/policy.md', render };
