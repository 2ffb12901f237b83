import type { Check } from './finding.ts';

/** From here on there are native sidecars, without which nothing is injected. */
const MINIMUM_MINOR = 30;
/** From here on a container's port name may move to a native sidecar, which injection without privileges needs. */
const PORT_NAME_MINOR = 33;

/** Does it answer at all? @throws ClusterError where it does not: nothing else can be asked then */
export const checkServer: Check = async ({ cluster }) => {
  const { major, minor, gitVersion } = Object(await cluster.get('/version')) as Record<string, string>;
  const about = 'API server';
  const detail = `${gitVersion ?? 'of unknown version'} at ${cluster.server}`;
  const release = Number(major) * 1000 + Number.parseInt(minor ?? '', 10);
  if (release >= 1000 + PORT_NAME_MINOR) return [{ about, state: 'ok', detail, advice: '' }];
  if (release < 1000 + MINIMUM_MINOR) {
    const upgrade = `native sidecars, and so injection, need Kubernetes 1.${MINIMUM_MINOR}`;
    return [{ about, state: 'failed', detail, advice: upgrade }];
  }
  const advice = `injection by port name needs Kubernetes 1.${PORT_NAME_MINOR}; use interception: Redirect in the SidecarProfile`;
  return [{ about, state: 'warning', detail, advice }];
};
