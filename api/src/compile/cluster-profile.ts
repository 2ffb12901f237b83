/** The one document that reaches beyond its namespace. */
import type { Document } from '../document.ts';

/** The name of the SidecarProfile which, in the namespace of the operator, is for the whole cluster. */
const CLUSTER_PROFILE = 'default';

/** The same document, marked when it is that profile. `operatorNamespace`: null where there is no operator. */
export function clusterWide(document: Document, operatorNamespace: string | null): Document {
  const { kind, namespace, name } = document;
  const isIt = kind === 'SidecarProfile' && name === CLUSTER_PROFILE && namespace === operatorNamespace;
  return isIt && operatorNamespace !== null ? { ...document, clusterWide: true } : document;
}

/** Is it for the pods of every namespace? */
export const isClusterWide = (document: Document): boolean =>
  document.kind === 'SidecarProfile' && document.clusterWide === true;
