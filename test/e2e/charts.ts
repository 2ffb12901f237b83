/** The charts of this repository, installed as users install them. Each may be called by several tests on one cluster. */
import { helm, kubectl } from './commands.ts';

/** Where the operator is. */
export const OPERATOR_NAMESPACE = 'fusebox';

/** The kinds and the operator. `values`: such as `operator.image.tag=next`. */
export async function installFusebox(values: readonly string[] = []): Promise<void> {
  await helm(['upgrade', '--install', 'fusebox-crds', 'charts/fusebox-crds']);
  await upgradeFusebox(values);
}

/** The operator, with these values and no others. */
export async function upgradeFusebox(values: readonly string[]): Promise<void> {
  const place = ['--namespace', OPERATOR_NAMESPACE, '--create-namespace', '--reset-values'];
  const sets = values.flatMap((value) => ['--set', value]);
  await helm(['upgrade', '--install', 'fusebox', 'charts/fusebox', ...place, ...sets, '--wait', '--timeout', '90s']);
}

/** The sample service, as Deployment and Service `users`, in a namespace that is made. */
export async function installSample(namespace: string, values: readonly string[]): Promise<void> {
  const sets = values.flatMap((value) => ['--set', value]);
  const place = ['--namespace', namespace, '--create-namespace'];
  await helm([
    'upgrade',
    '--install',
    'users',
    'charts/sample-service',
    ...place,
    ...sets,
    '--wait',
    '--timeout',
    '90s',
  ]);
}

/** The address of a Service, inside the cluster. */
export async function clusterUrl(namespace: string, service: string): Promise<string> {
  const path = 'jsonpath={.spec.clusterIP}';
  return `http://${await kubectl(['-n', namespace, 'get', `service/${service}`, '-o', path])}`;
}
