import { API_VERSION, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import type { LiveConfigStatus } from '@fusebox/api/object-status.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../cluster/api/api-client.ts';
import type { Access } from '../cluster/api/kubeconfig.ts';
import type { Claim } from './judge.ts';
import { markIn, type SourceName } from './marks.ts';

interface Watched {
  kind?: string;
  metadata: { name: string; generation?: number; resourceVersion: string };
  spec?: unknown;
  data?: unknown;
  status?: LiveConfigStatus;
}

interface List {
  metadata: { resourceVersion: string };
  items: Watched[];
}

/** Watches all that status says, and which edit each version of a source is. */
export class StatusRecorder {
  /** By source and version (generation, or `resourceVersion` of a ConfigMap): the number of the edit; null: it is bad. */
  readonly #edits = new Map<string, number | null>();
  readonly #said: { source: SourceName; version: string; atMs: number }[] = [];
  /** The last status of each object, as a text. */
  readonly #last = new Map<string, string>();
  readonly #api: ApiClient;
  #stopped = false;

  constructor(access: Access, namespace: string) {
    this.#api = new ApiClient(access);
    for (const [kind, { plural }] of Object.entries(RESOURCE_NAMES)) {
      void this.#follow(kind, `/apis/${API_VERSION}/namespaces/${namespace}/${plural}`);
    }
    void this.#follow('ConfigMap', `/api/v1/namespaces/${namespace}/configmaps`);
  }

  /** An object as the API server has it now, or had it at some time. */
  saw(kind: string, object: Watched): void {
    const { name, generation, resourceVersion } = object.metadata;
    if (kind !== 'LiveConfig') {
      const version = kind === 'ConfigMap' ? resourceVersion : String(generation);
      this.#edits.set(`${kind} ${name}@${version}`, markIn(object));
    }
    // A status that stands there while something else changes says nothing new: nobody may be there to speak.
    const text = JSON.stringify(object.status);
    if (this.#last.get(`${kind} ${name}`) === text) return;
    this.#last.set(`${kind} ${name}`, text);
    const said = object.status?.conditions?.find(({ type }) => type === 'Programmed');
    if (said?.status !== 'True') return;
    const isLive = kind === 'LiveConfig';
    this.#said.push({
      source: `${isLive ? 'ConfigMap' : kind} ${name}` as SourceName,
      version: String(isLive ? object.status!.observedResourceVersion : said.observedGeneration),
      atMs: Date.now(),
    });
  }

  /** Each status that said `Programmed=True`, whatever edit it spoke of. @throws Error when nobody has seen that edit. */
  claims(): Claim[] {
    return this.#said.map(({ source, version, atMs }) => {
      const mark = this.#edits.get(`${source}@${version}`);
      if (mark === undefined) throw new Error(`${source}: status speaks of version ${version}, which nobody has seen`);
      return { source, mark, atMs };
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#api.close();
  }

  async #follow(kind: string, path: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const { metadata, items } = (await this.#api.call('GET', path)).body as List;
        for (const item of items) this.saw(kind, item);
        const query = `watch=true&timeoutSeconds=20&resourceVersion=${metadata.resourceVersion}`;
        for await (const { type, object } of this.#api.watch(`${path}?${query}`)) {
          if (type === 'ERROR') break;
          this.saw(kind, object as unknown as Watched);
        }
      } catch {
        // The API server is away: it is asked again.
        await pause(100);
      }
    }
  }
}
