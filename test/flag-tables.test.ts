/** Tables of what flags mean (scenarios/flags), held against the rules and, by OFREP and an SDK, against a running sidecar. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { type Client, type EvaluationContext, type JsonValue, OpenFeature } from '@openfeature/server-sdk';
import { compile } from '@fusebox/api/compile/compile.ts';
import { formatFault, readDocuments } from '@fusebox/api/documents.ts';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { type Evaluation, fixed, notFound } from '@fusebox/sidecar/rules/evaluation.ts';
import { compileDefinition } from '@fusebox/sidecar/rules/flag-rules.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SidecarProcess, startSidecar } from './support/sidecar-process.ts';

interface Row {
  flag: string;
  /** The caller's, and so the type that is asked for. */
  default: JsonValue;
  context?: EvaluationContext;
  /** undefined: the caller's default. */
  value?: JsonValue;
  reason?: string;
  variant?: string;
  error?: string;
  metadata?: object;
}

interface Table {
  name: string;
  through: readonly ('rules' | 'sdk')[];
  /** A FeatureFlagSet. */
  document: string;
  rows: [title: string, row: Row][];
}

const folder = join(import.meta.dirname, 'scenarios/flags');
const tables = globSync('*.yaml', { cwd: folder }).toSorted().map(tableIn);

function tableIn(file: string): Table {
  const [part] = readYaml(readFileSync(join(folder, file), 'utf8'));
  expect(part!.faults).toEqual([]);
  const { rows, through = ['rules', 'sdk'], ...spec } = part!.value as { rows: Row[]; through?: Table['through'] };
  const name = basename(file, '.yaml');
  const document = { apiVersion: 'fusebox.dev/v1alpha1', kind: 'FeatureFlagSet', metadata: { name }, spec };
  const titled = rows.map((row, index): [string, Row] => {
    return [`${index + 1}: ${row.flag} for ${JSON.stringify(row.context ?? {})}`, row];
  });
  return { name, through, document: JSON.stringify(document), rows: titled };
}

/** Tables name their flags without regard to one another. */
const snapshotOf = ({ document }: Table) => {
  const { documents, faults } = readDocuments([{ name: 'flags.yaml', text: document }]);
  expect(faults.map(formatFault)).toEqual([]);
  return compile(documents, { namespace: null, workloads: [], labels: null }).snapshot;
};

const byRules = tables.filter(({ through }) => through.includes('rules'));

describe.each(byRules)('by the rules: $name', (table) => {
  const { flags, flagDefinitions = {} } = snapshotOf(table);
  const evaluate = (flag: string, context: EvaluationContext): Evaluation => {
    if (Object.hasOwn(flagDefinitions, flag)) return compileDefinition(flag, flagDefinitions[flag]!)(context);
    return Object.hasOwn(flags, flag) ? fixed(flags[flag]!) : notFound(flag);
  };

  test.each(table.rows)('%s', (_title, { flag, context = {}, value, reason, variant, error, metadata }) => {
    const evaluation = evaluate(flag, context);
    expect([evaluation.value, evaluation.error?.code]).toEqual([value, error]);
    if (reason !== undefined) expect(evaluation.reason).toBe(reason);
    if (variant !== undefined || value === undefined) expect(evaluation.variant).toBe(variant ?? null);
    if (metadata !== undefined) expect(evaluation.metadata).toEqual(metadata);
  });
});

let sidecar: SidecarProcess;
let client: Client;
beforeAll(async () => {
  sidecar = await startSidecar({ upstream: 9, settings: {} });
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: `http://127.0.0.1:${sidecar.local}` }));
  client = OpenFeature.getClient();
});
afterAll(async () => {
  await OpenFeature.close();
  await sidecar.kill();
});

describe.each(tables)('by OFREP and an SDK: $name', ({ document, rows }) => {
  beforeAll(async () => {
    const from = sidecar.lines.length;
    await sidecar.write(document);
    await sidecar.logged('settings applied', from);
  });

  const detailsOf = (row: Row) => {
    const { flag, default: own, context = {} } = row;
    if (typeof own === 'boolean') return client.getBooleanDetails(flag, own, context);
    if (typeof own === 'string') return client.getStringDetails(flag, own, context);
    if (typeof own === 'number') return client.getNumberDetails(flag, own, context);
    return client.getObjectDetails(flag, own, context);
  };

  test.each(rows)('%s', async (_title, row) => {
    const { flag, context = {}, value, reason, variant, error, metadata } = row;
    const details = await detailsOf(row);
    expect(details.value).toEqual(value ?? row.default);
    if (value === undefined && error === undefined) {
      // This version of the provider takes an answer without a value for one of the wrong type: the answer itself tells.
      const url = `http://127.0.0.1:${sidecar.local}/ofrep/v1/evaluate/flags/${flag}`;
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ context }) });
      expect([answer.status, await answer.json()]).toEqual([200, { key: flag, reason, metadata: {} }]);
      return;
    }
    expect(details.errorCode).toBe(error);
    if (reason !== undefined) expect(details.reason).toBe(reason);
    if (variant !== undefined) expect(details.variant).toBe(variant);
    if (metadata !== undefined) expect(details.flagMetadata).toEqual(metadata);
  });
});

// flagd loads such a flag and fails when it evaluates it; here the whole document is refused, and the last good one holds.
test('a rule that refers to one that is not there is refused, with its place', () => {
  const spec = {
    flags: { a: { state: 'ENABLED', variants: { x: true }, targeting: { if: [{ $ref: 'is_zara' }, 'x'] } } },
  };
  const { faults } = readDocuments([{ name: 'flags.yaml', text: JSON.stringify(spec) }]);
  expect(faults.map(formatFault)).toEqual([
    expect.stringContaining('refers to "is_zara", which is not among $evaluators'),
  ]);
});
