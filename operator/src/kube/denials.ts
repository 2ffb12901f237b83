/**
 * What the API server does not allow. A missing permission shows at whatever needs it, and that may be the least of things or come
 * days later; here it is told for all of them alike, whoever asked and whatever came of it.
 */
import type { KubeClient, WatchOptions } from './client.ts';
import { hasCode } from './kube-error.ts';
import { type Resource, resources } from './resource.ts';

/** A request that was refused, as a rule of a role would name it. */
export interface Denial {
  verb: string;
  /** Such as `resiliencepolicies/status.fusebox.dev`. */
  resource: string;
}

export interface DenialsWatcher {
  /** For the first time, or again after it was allowed. `error`: what the API server said. */
  denied(denial: Denial, error: unknown): void;
  allowed(denial: Denial): void;
}

/** What is not allowed now, as far as it was tried. */
export class Denials {
  readonly #denied = new Map<string, Denial>();
  readonly #watcher: DenialsWatcher;

  constructor(watcher: DenialsWatcher) {
    this.#watcher = watcher;
  }

  /** `list pods`, `patch resiliencepolicies/status.fusebox.dev`; in order. */
  get list(): string[] {
    return [...this.#denied.keys()].toSorted();
  }

  /** It was tried, and failed with this; null: it was allowed. */
  tried(verb: string, resource: Resource, { subresource, error }: { subresource?: string; error: unknown }): void {
    const { plural, group } = resource;
    const name = `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
    const key = `${verb} ${name}`;
    const denial = { verb, resource: name };
    const isDenied = hasCode(error, 'Forbidden');
    if (isDenied === this.#denied.has(key)) return;
    if (isDenied) {
      this.#denied.set(key, denial);
      this.#watcher.denied(denial, error);
    } else if (error === null) {
      this.#denied.delete(key);
      this.#watcher.allowed(denial);
    }
  }
}

/** The same client; what it is refused is noted. */
export function notingDenials(client: KubeClient, denials: Denials): KubeClient {
  async function noted<T>(verb: string, resource: Resource, request: Promise<T>, subresource?: string): Promise<T> {
    const about = subresource === undefined ? {} : { subresource };
    try {
      const answer = await request;
      denials.tried(verb, resource, { ...about, error: null });
      return answer;
    } catch (error) {
      denials.tried(verb, resource, { ...about, error });
      throw error;
    }
  }
  return {
    list: (resource, options) => noted('list', resource, client.list(resource, options)),
    watch(resource, options) {
      const onOpen: WatchOptions['onOpen'] = () => {
        denials.tried('watch', resource, { error: null });
        options.onOpen();
      };
      return client.watch(resource, { ...options, onOpen }).catch((error: unknown) => {
        denials.tried('watch', resource, { error });
        throw error;
      });
    },
    get: (resource, namespace, name) => noted('get', resource, client.get(resource, namespace, name)),
    create: (resource, object, options) => noted('create', resource, client.create(resource, object, options)),
    replace: (resource, object, options) => noted('update', resource, client.replace(resource, object, options)),
    apply: (resource, object, options) =>
      // Server-side apply is allowed by two verbs, and which one is missing the API server tells in words only.
      noted(
        options.subresource === undefined ? 'create and patch' : 'patch',
        resource,
        client.apply(resource, object, options),
        options.subresource,
      ),
    delete: (resource, which) => noted('delete', resource, client.delete(resource, which)),
    tokenReview: (token, audience) => noted('create', resources.tokenReviews, client.tokenReview(token, audience)),
    serverMinor: () => client.serverMinor(),
    close: () => client.close(),
  };
}
