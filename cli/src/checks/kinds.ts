import { GROUP, RESOURCE_NAMES, VERSION, VERSION_ANNOTATION } from '@fusebox/api/names.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import type { Check, Finding } from './finding.ts';

/** Are our kinds installed, served, and of this version? */
export const checkKinds: Check = async ({ cluster }) =>
  Promise.all(
    Object.values(RESOURCE_NAMES).map(async ({ plural }) => {
      const name = `${plural}.${GROUP}`;
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
      return judgeDefinition(name, (await cluster.get(path)) as Definition | null);
    }),
  );

interface Definition {
  metadata: { annotations?: Record<string, string> };
  spec: { versions: { name: string; served: boolean }[] };
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

function judgeDefinition(name: string, definition: Definition | null): Finding {
  const finding = (state: Finding['state'], detail: string, advice = ''): Finding => ({
    about: `kind ${name}`,
    state,
    detail,
    advice,
  });
  const install = 'install the definitions: kubectl apply --server-side -f crds/';
  if (definition === null) return finding('failed', 'is not installed', install);
  const { metadata, spec, status } = definition;
  if (!spec.versions.some((version) => version.name === VERSION && version.served)) {
    return finding('failed', `does not serve ${VERSION}`, install);
  }
  const bad = status?.conditions?.find((condition) => condition.type === 'Established' && condition.status !== 'True');
  if (bad !== undefined)
    return finding('failed', `is not served: ${bad.message ?? ''}`, 'look at kubectl describe crd');
  const version = metadata.annotations?.[VERSION_ANNOTATION] ?? 'an unknown version';
  if (version === PRODUCT_VERSION) return finding('ok', `of ${version}`);
  return finding(
    'warning',
    `of ${version}; this kubectl-fusebox is of ${PRODUCT_VERSION}`,
    `use one version: ${install}`,
  );
}
