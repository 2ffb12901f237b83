/** Names that stand in users' objects. Changing one breaks what people have applied. */

/** API group and version of our kinds. */
export const API_VERSION = 'fusebox.dev/v1alpha1';

/** Our own kinds, all in `API_VERSION`. */
export const KINDS = ['ResiliencePolicy', 'FeatureFlagSet', 'SidecarProfile'] as const;

/** A ConfigMap counts only when this label is `"true"`. */
export const CONFIG_LABEL = 'fusebox.dev/config';

/** On a ConfigMap: the one workload it is for, as `deployment/users`. Without it: the whole namespace. */
export const TARGET_ANNOTATION = 'fusebox.dev/target';
