/**
 * The mutating webhook's answer to a pod that is about to be made. A pod that asks for a sidecar and cannot have one is admitted, with a
 * warning and a mark: no pods at all would be worse than pods without a sidecar. Only what a pod says of itself and cannot mean is refused.
 */
import type { Who } from '@fusebox/api/compile/who.ts';
import { INJECT_LABEL, SIDECAR_ANNOTATION } from '@fusebox/api/names.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import type { OwnerReference } from '../kube/resource.ts';
import { asks, ownerOf } from '../reconcile/pod-facts.ts';
import { type AdmissionAnswer, readReview } from '../webhook/admission.ts';
import { type InjectionDefaults, injectionSettings } from './injection-settings.ts';
import { jsonPatch } from './json-patch.ts';
import type { Pod } from './pod.ts';
import { inject } from './pod-patch.ts';

/** What becomes of a pod that asks. `refused`: it is not made at all. */
export type PodOutcome = 'injected' | 'not-injected' | 'refused';

export interface Injector extends InjectionDefaults {
  /** Where sidecars fetch their settings. */
  operatorUrl: string;
  /** Resolves when all that is known of profiles and namespaces has been seen. @throws Error when that takes too long. */
  known(): Promise<void>;
  /** Does this namespace ask for sidecars? */
  namespaceAsks(namespace: string): Promise<boolean>;
  profileFor(who: Who): SidecarProfileSpec;
  /** Minor release of Kubernetes 1; null: not known. */
  serverMinor(): Promise<number | null>;
  /** Pods of this namespace must find the authorities that their sidecars trust. Never rejects. */
  provideBundle(namespace: string): Promise<void>;
  /** Told of each pod that asked. `why` it was not given a sidecar; null: it was. */
  onDecision(outcome: PodOutcome, pod: { namespace: string; name: string }, why: string | null): void;
}

/** The answer to a review; null when `body` is none. @throws Error when too little is known to answer. */
export async function reviewPod(body: unknown, injector: Injector): Promise<AdmissionAnswer | null> {
  const request = readReview(body);
  if (request === null) return null;
  const { uid, operation, dryRun, namespace, object } = request;
  const answer = (response: Omit<AdmissionAnswer['response'], 'uid'>): AdmissionAnswer => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, ...response },
  });
  if (operation !== 'CREATE' || !isPod(object)) return answer({ allowed: true });
  await injector.known();
  const { labels = {}, annotations = {} } = object.metadata ?? {};
  const brings = annotations[SIDECAR_ANNOTATION] === 'true' || annotations[MIRROR_ANNOTATION] !== undefined;
  const label = labels[INJECT_LABEL];
  const wanted = asks(label, false) || (asks(label, true) && (await injector.namespaceAsks(namespace)));
  if (brings || !wanted) return answer({ allowed: true });
  const who = { namespace, workloads: [], labels };
  const outcome = inject(object, {
    settings: injectionSettings(injector.profileFor(who), injector),
    operatorUrl: injector.operatorUrl,
    workload: workloadOf(object),
    serverMinor: await injector.serverMinor(),
  });
  const title = object.metadata?.name ?? `${object.metadata?.generateName ?? ''}…`;
  if ('contradiction' in outcome) {
    injector.onDecision('refused', { namespace, name: title }, outcome.contradiction);
    return answer({ allowed: false, status: { code: 422, reason: 'Invalid', message: outcome.contradiction } });
  }
  const { pod, warnings, notInjected } = outcome;
  const why = notInjected ? warnings.join('; ') : null;
  injector.onDecision(notInjected ? 'not-injected' : 'injected', { namespace, name: title }, why);
  if (!notInjected && !dryRun) await injector.provideBundle(namespace);
  const operations = jsonPatch(object, pod);
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return answer({
    allowed: true,
    ...(operations.length > 0 && { patchType: 'JSONPatch' as const, patch }),
    ...(warnings.length > 0 && { warnings: warnings.map((text) => `fusebox: ${text}`) }),
  });
}

/** On what a kubelet shows of its own pods: they run already, and nothing of them can be changed. */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

function isPod(object: unknown): object is Pod {
  const { kind, spec } = Object(object) as { kind?: unknown; spec?: { containers?: unknown } };
  return kind === 'Pod' && Array.isArray(spec?.containers);
}

/** The name that people know it by: of its Deployment, not of its ReplicaSet. */
function workloadOf({ metadata = {} }: Pod): string | null {
  const ownerReferences = (metadata['ownerReferences'] as OwnerReference[] | undefined) ?? [];
  const { labels = {} } = metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  return ownerOf({ ownerReferences, labels })?.name ?? owner?.name ?? labels['app.kubernetes.io/name'] ?? null;
}
