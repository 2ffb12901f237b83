/** What `helm uninstall` leaves, as charts/README.md documents it: by the lines of an inventory. */
const DOCUMENTED: readonly RegExp[] = [
  // The kinds, and the API group that Kubernetes serves for them.
  /^CustomResourceDefinition - \w+\.fusebox\.dev$/,
  /^APIService - \w+\.fusebox\.dev$/,
  // Namespaces, with what Kubernetes itself keeps in each.
  /^Namespace - (fusebox|shop)$/,
  /^(ConfigMap (fusebox|shop) kube-root-ca\.crt|ServiceAccount (fusebox|shop) default)$/,
  /^Secret fusebox fusebox-ca$/,
  /^ConfigMap shop fusebox-ca$/,
  /^Lease fusebox fusebox-operator(-replica-.+)?$/,
];

/** Is this line of an inventory one of them? */
export const isDocumented = (line: string): boolean => DOCUMENTED.some((pattern) => pattern.test(line));
