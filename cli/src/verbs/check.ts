import { CHECKS } from '../checks.ts';
import { type Finding, unseen } from '../checks/finding.ts';
import { checkServer } from '../checks/server.ts';
import { EXIT, type Outcome } from '../exit-codes.ts';
import type { Cluster } from '../kube/cluster.ts';
import { table } from '../table.ts';

export interface CheckCommand {
  /** null: the context's. */
  namespace: string | null;
  output: 'table' | 'json';
}

/** Tells what is missing for Fusebox to work in this cluster, and what to do. @throws ClusterError where it does not answer */
export async function check(cluster: Cluster, command: CheckCommand, nowMs: number): Promise<Outcome> {
  const asked = { cluster, namespace: command.namespace ?? cluster.namespace, nowMs };
  const findings: Finding[] = await checkServer(asked);
  for (const [about, ask] of CHECKS) {
    findings.push(...(await ask(asked).catch((error: unknown) => [unseen(about, error)])));
  }
  const exit = findings.some(({ state }) => state === 'failed') ? EXIT.notOk : EXIT.ok;
  const text = command.output === 'json' ? `${JSON.stringify({ findings }, null, 2)}\n` : told(findings);
  return { exit, text, complaints: [] };
}

function told(findings: readonly Finding[]): string {
  const rows = findings.map(({ state, about, detail }) => [state, about, detail]);
  const advice = findings
    .filter((finding) => finding.advice !== '')
    .map((finding) => `${finding.about}: ${finding.advice}\n`);
  const text = table(rows);
  return advice.length === 0 ? text : `${text}\n${advice.join('')}`;
}
