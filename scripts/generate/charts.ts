/** What the charts repeat of the code: definitions, permissions, the schema of the values. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { chartReadmes } from './chart-readme.ts';
import { crdFiles } from './crds.ts';
import { dashboardFile } from './dashboard.ts';
import type { Generator } from './generators.ts';
import { type OpenApi, openApi } from './open-api.ts';
import { noValuesSchema, sampleValuesSchema, valuesSchema } from './values-schema.ts';

const root = resolve(import.meta.dirname, '../..');
const note = (source: string): string => `# Generated from ${source} by \`make generate\`. Do not edit by hand.\n`;
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0 });

interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
}

/** Definitions outlive the chart: with them would go every policy of the cluster. */
const definitions: Generator[] = crdFiles.map(({ file, render }) => ({
  file: file.replace(/^crds\//, 'charts/fusebox-crds/templates/'),
  render() {
    const object = parse(render()) as KubeObject;
    object.metadata.annotations = { ...object.metadata.annotations, 'helm.sh/resource-policy': 'keep' };
    const text = yaml(object);
    if (text.includes('{{')) throw new Error(`${file}: Helm would take its braces for a template`);
    return `${note('crds/')}${text}`;
  },
}));

const LABELS = `  labels: {{- include "fusebox.labels" . | nindent 4 }}\n`;

/** What the operator need not do where somebody else makes its certificates: when a rule of these resources is left in. */
const CONDITIONS: Readonly<Record<string, string>> = {
  secrets: 'not (include "fusebox.tls-secret" .)',
  mutatingwebhookconfigurations: 'not .Values.certManager.enabled',
};

interface Rule {
  resources: string[];
}

function ruleText(rule: Rule): string {
  const text = yaml([rule]).replaceAll(/^(?=.)/gm, '  ');
  const condition = rule.resources.map((name) => CONDITIONS[name]).find((one) => one !== undefined);
  return condition === undefined ? text : `  {{- if ${condition} }}\n${text}  {{- end }}\n`;
}

/** A role as it stands in the operator's folder, and its binding to the operator's ServiceAccount. */
function role(source: string, namespaced: boolean): Generator {
  const render = (): string => {
    const [document] = parseAllDocuments(readFileSync(resolve(root, source), 'utf8'));
    const { kind, metadata, rules } = document!.toJS() as KubeObject & { rules: Rule[] };
    const namespace = namespaced ? '  namespace: {{ .Release.Namespace }}\n' : '';
    const head = (of: string): string =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${of}\nmetadata:\n  name: ${metadata.name}\n${namespace}${LABELS}`;
    const binding = yaml({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: metadata.name, namespace: '{{ .Release.Namespace }}' }],
    });
    return `${note(source)}${head(kind)}rules:\n${rules.map(ruleText).join('')}---\n${head(`${kind}Binding`)}${binding}`;
  };
  return { file: `charts/fusebox/templates/${source.replace('operator/', '')}`, render };
}

const profileSpec: object = SidecarProfileSpec;

const schema = (chart: string, values: () => object): Generator => ({
  file: `charts/${chart}/values.schema.json`,
  render: () => `${JSON.stringify(values(), null, 2)}\n`,
});

/** JSON Schema of what OpenAPI says: without what only the API server knows, and unknown fields are refused, not dropped. */
function plain({ minimum, exclusiveMinimum, nullable: _nullable, properties, ...rest }: OpenApi): OpenApi {
  const kept = Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const least = exclusiveMinimum === true ? { exclusiveMinimum: minimum } : { minimum };
  return {
    ...Object.fromEntries(kept.map(([key, value]) => [key, plainPart(value)])),
    ...(minimum !== undefined && least),
    ...(properties !== undefined && { additionalProperties: false, properties: plainFields(properties as OpenApi) }),
  };
}

const plainFields = (fields: OpenApi): OpenApi =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      isRefused(field as OpenApi) ? [] : [[name, plain(field as OpenApi)]],
    ),
  );

const isRefused = ({ description }: OpenApi): boolean =>
  typeof description === 'string' && description.startsWith('Refused: ');

const plainPart = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? plain(value as OpenApi) : value;

export const chartFiles: readonly Generator[] = [
  ...definitions,
  role('operator/cluster-role.yaml', false),
  role('operator/role.yaml', true),
  schema('fusebox-crds', noValuesSchema),
  schema('fusebox', () => valuesSchema(plain(openApi(profileSpec)))),
  schema('sample-service', sampleValuesSchema),
  ...chartReadmes,
  dashboardFile,
];
