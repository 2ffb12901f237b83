import { ApiClient } from '../api/api-client.ts';
import { readKubeconfig } from '../api/kubeconfig.ts';
import { undisturbed } from '../test-cluster.ts';
import type { Origin } from './origin.ts';

/** The cluster of `KUBECONFIG`, where the developer says that tests may use it. */
export const existing: Origin = {
  kind: 'existing',
  async open(log) {
    if (process.env['FUSEBOX_TEST_CLUSTER'] !== 'existing') return { closed: 'FUSEBOX_TEST_CLUSTER is not "existing"' };
    const kubeconfigPath = process.env['KUBECONFIG'] ?? '';
    if (kubeconfigPath === '') throw new Error('FUSEBOX_TEST_CLUSTER is "existing", but KUBECONFIG names no file');
    const access = readKubeconfig(kubeconfigPath);
    const client = new ApiClient(access);
    try {
      const { status } = await client.call('GET', '/readyz');
      if (status !== 200) throw new Error(`${access.server} of ${kubeconfigPath} is not ready (status ${status})`);
      const account = await client.call('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      log(`using ${access.server} of ${kubeconfigPath}`);
      return {
        kind: 'existing',
        kubeconfigPath,
        server: access.server,
        hasControllerManager: account.status === 200,
        stop: async () => {},
        ...undisturbed('existing'),
      };
    } finally {
      client.close();
    }
  },
};
