/** The requests that the operator makes of the API server. */
import type { Connection } from './connection.ts';
import { errorOfAnswer, hasCode, KubeError } from './kube-error.ts';
import { apiVersionOf, type KubeObject, pathOf, type Resource, resources } from './resource.ts';
import { readTokenReview, type TokenReviewed } from './token-review.ts';
import { parsed, Transport } from './transport.ts';

/** A page of a list. */
export interface Page {
  items: KubeObject[];
  resourceVersion: string;
  /** Where the next page goes on; null: this is the last. */
  continue: string | null;
}

export interface ListOptions {
  /** Objects in a page (count). */
  limit?: number;
  continue?: string;
  labelSelector?: string;
  namespace?: string;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject;
}

export interface WatchOptions {
  resourceVersion: string;
  /** After which the server ends the watch (s). */
  timeoutSeconds: number;
  labelSelector?: string;
  signal: AbortSignal;
  /** The API server has agreed; events follow. */
  onOpen(): void;
  onEvent(event: WatchEvent): void;
}

export interface WriteOptions {
  fieldManager: string;
  subresource?: 'status';
}

/** Every method rejects with a `KubeError`. */
export interface KubeClient {
  list(resource: Resource, options: ListOptions): Promise<Page>;
  /** Resolves when the server ends the watch. @throws KubeError `Expired` when the changes since then are not known any more. */
  watch(resource: Resource, options: WatchOptions): Promise<void>;
  get(resource: Resource, namespace: string | undefined, name: string): Promise<KubeObject | null>;
  /** @throws KubeError `Conflict` when it is there already. */
  create(resource: Resource, object: KubeObject, options: WriteOptions): Promise<KubeObject>;
  /** @throws KubeError `Conflict` when it has another `resourceVersion` than the object given. */
  replace(resource: Resource, object: KubeObject, options: WriteOptions): Promise<KubeObject>;
  /** Server-side apply; `force` takes fields over from whoever has them. */
  apply(resource: Resource, object: KubeObject, options: WriteOptions & { force: boolean }): Promise<KubeObject>;
  /** False: it was gone already, or is another object by now (`uid`). */
  delete(resource: Resource, which: { namespace?: string; name: string; uid?: string }): Promise<boolean>;
  /** Whose token is this, if it is for this audience? */
  tokenReview(token: string, audience: string): Promise<TokenReviewed>;
  /** The minor release of Kubernetes 1; null: it is another. */
  serverMinor(): Promise<number | null>;
  close(): Promise<void>;
}

/** A client of the API server behind this connection. */
export function newKubeClient(connection: Connection): KubeClient {
  const transport = new Transport(connection);
  const write = (
    method: 'POST' | 'PUT',
    resource: Resource,
    object: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> => {
    const { namespace, name } = object.metadata;
    const { fieldManager, subresource } = options;
    const place = method === 'POST' ? { namespace } : { namespace, name, ...(subresource && { subresource }) };
    return transport.call(`${method === 'POST' ? 'create' : 'replace'} ${titleOf(resource, namespace, name)}`, {
      method,
      path: pathOf(resource, place),
      query: { fieldManager },
      body: typed(resource, object),
    });
  };

  return {
    async list(resource, { limit, continue: at, labelSelector, namespace }) {
      const query = { limit: limit?.toString(), continue: at, labelSelector };
      const what = `list ${resource.plural}`;
      const list = await transport.call<ListBody>(what, {
        method: 'GET',
        path: pathOf(resource, { namespace }),
        query,
      });
      const next = list.metadata.continue ?? '';
      return {
        items: list.items.map((item) => typed(resource, item)),
        resourceVersion: list.metadata.resourceVersion,
        continue: next === '' ? null : next,
      };
    },

    watch: (resource, options) => watch(transport, resource, options),

    async get(resource, namespace, name) {
      try {
        const path = pathOf(resource, { namespace, name });
        return await transport.call<KubeObject>(`get ${titleOf(resource, namespace, name)}`, { method: 'GET', path });
      } catch (error) {
        if (hasCode(error, 'NotFound')) return null;
        throw error;
      }
    },

    create: (resource, object, options) => write('POST', resource, object, options),
    replace: (resource, object, options) => write('PUT', resource, object, options),

    apply(resource, object, { fieldManager, force, subresource }) {
      const { namespace, name } = object.metadata;
      return transport.call(`apply ${titleOf(resource, namespace, name)}`, {
        method: 'PATCH',
        path: pathOf(resource, { namespace, name, ...(subresource && { subresource }) }),
        query: { fieldManager, force: String(force) },
        body: typed(resource, object),
        type: 'application/apply-patch+yaml',
      });
    },

    delete: (resource, which) => remove(transport, resource, which),
    tokenReview: (token, audience) => reviewToken(transport, token, audience),

    serverMinor: () => serverMinor(transport),
    close: () => connection.close(),
  };
}

async function watch(transport: Transport, resource: Resource, options: WatchOptions): Promise<void> {
  const { resourceVersion, timeoutSeconds, labelSelector, signal, onOpen, onEvent } = options;
  const what = `watch ${resource.plural}`;
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
    labelSelector,
  };
  const onLine = (line: string): void => {
    const event = parsed(line) as WatchEvent;
    if (typeof event !== 'object') throw new KubeError('Server', `${what}: a line that is no event`);
    if (event.type !== 'ERROR') return onEvent(event);
    const { code } = event.object as { code?: unknown };
    throw errorOfAnswer(what, typeof code === 'number' ? code : 500, event.object);
  };
  await transport.lines(what, { method: 'GET', path: pathOf(resource, {}), query, signal }, { onOpen, onLine });
}

async function remove(
  transport: Transport,
  resource: Resource,
  { namespace, name, uid }: { namespace?: string; name: string; uid?: string },
): Promise<boolean> {
  try {
    await transport.call(`delete ${titleOf(resource, namespace, name)}`, {
      method: 'DELETE',
      path: pathOf(resource, { namespace, name }),
      body: { ...(uid !== undefined && { preconditions: { uid } }) },
    });
    return true;
  } catch (error) {
    if (hasCode(error, 'NotFound') || hasCode(error, 'Conflict')) return false;
    throw error;
  }
}

async function reviewToken(transport: Transport, token: string, audience: string): Promise<TokenReviewed> {
  const review = await transport.call<KubeObject>('review a token', {
    method: 'POST',
    path: pathOf(resources.tokenReviews, {}),
    body: {
      apiVersion: apiVersionOf(resources.tokenReviews),
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    },
  });
  return readTokenReview(review, audience);
}

/** Providers write their own: `33+`. */
async function serverMinor(transport: Transport): Promise<number | null> {
  const version = await transport.call<object>('ask for the version', { method: 'GET', path: '/version' });
  const { major, minor } = version as { major?: string; minor?: string };
  const digits = /^\d+/.exec(minor ?? '')?.[0];
  return major === '1' && digits !== undefined ? Number(digits) : null;
}

interface ListBody {
  metadata: { resourceVersion: string; continue?: string };
  items: KubeObject[];
}

/** Items of a list do not say their kind. */
function typed(resource: Resource, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function titleOf({ kind }: Resource, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
