/** Names that stand in users' objects. Changing one breaks what people have applied. */

/** API group of our kinds. */
export const GROUP = 'fusebox.dev';

/** The one version of it. */
export const VERSION = 'v1alpha1';

/** API group and version of our kinds. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** Our own kinds that people write, all in `API_VERSION`. */
export const KINDS = ['ResiliencePolicy', 'FeatureFlagSet', 'SidecarProfile'] as const;

/** The kind that only the operator writes: it speaks for a labelled ConfigMap, which has no status of its own. */
export const LIVE_CONFIG_KIND = 'LiveConfig';

/** How the API server and kubectl call each kind. */
export const RESOURCE_NAMES = {
  ResiliencePolicy: { plural: 'resiliencepolicies', singular: 'resiliencepolicy', shortNames: ['rp'] },
  FeatureFlagSet: { plural: 'featureflagsets', singular: 'featureflagset', shortNames: ['ffset'] },
  SidecarProfile: { plural: 'sidecarprofiles', singular: 'sidecarprofile', shortNames: ['scp'] },
  LiveConfig: { plural: 'liveconfigs', singular: 'liveconfig', shortNames: ['lc'] },
} as const;

/** A ConfigMap counts only when this label is `"true"`. */
export const CONFIG_LABEL = 'fusebox.dev/config';

/** On a ConfigMap: the one workload it is for, as `deployment/users`. Without it: the whole namespace. */
export const TARGET_ANNOTATION = 'fusebox.dev/target';

/** On a pod or a namespace: `"true"` asks for a sidecar. */
export const INJECT_LABEL = 'fusebox.dev/inject';

/** On a pod that brings its own sidecar: `"true"` lets it take part without injection. */
export const SIDECAR_ANNOTATION = 'fusebox.dev/sidecar';

/** On a pod: the name or number of the container port that the sidecar stands in front of. Needed where there are several. */
export const PORT_ANNOTATION = 'fusebox.dev/port';

/** On a pod that was injected: the version of the operator that did it, a slash, and a digest of what needs a new pod to change. */
export const INJECTED_ANNOTATION = 'fusebox.dev/injected';

/** On a pod that asked for a sidecar and could not be given one: why. */
export const NOT_INJECTED_ANNOTATION = 'fusebox.dev/not-injected';

/** Of the injected sidecar's container. */
export const SIDECAR_CONTAINER = 'fusebox';

/** Of the init container that redirects a pod's traffic to its sidecar. */
export const REDIRECT_CONTAINER = 'fusebox-redirect';

/** On a CustomResourceDefinition: the version of Fusebox that it is from. */
export const VERSION_ANNOTATION = 'fusebox.dev/version';

/** Types of the conditions in a status. */
export const CONDITION_TYPES = ['Accepted', 'Programmed', 'Degraded'] as const;
