import type { ElectionOptions } from '../kube/leader.ts';
import { readLease } from '../kube/lease.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/resource.ts';

/** Keeps one Lease as the API server does: a write with another `resourceVersion` than the present one is refused. */
export class FakeLeaseServer {
  lease: KubeObject | null = null;
  writes = 0;

  get holder(): string | null {
    return this.lease === null ? null : readLease(this.lease).holder;
  }

  /** A client whose every request goes through `carry`, which may be late, or lose the request or its answer. */
  client(carry: <T>(request: () => T) => Promise<T>): ElectionOptions['client'] {
    const copy = <T>(value: T): T => structuredClone(value);
    return {
      get: () => carry(() => copy(this.lease)),
      create: (_, object) =>
        carry(() => {
          if (this.lease !== null) throw new KubeError('Conflict', 'it is there already');
          return this.#store(object);
        }),
      replace: (_, object) =>
        carry(() => {
          if (this.lease === null) throw new KubeError('NotFound', 'there is none');
          const { resourceVersion } = object.metadata;
          if (resourceVersion !== this.lease.metadata.resourceVersion)
            throw new KubeError('Conflict', 'it was changed');
          return this.#store(object);
        }),
    };
  }

  #store(object: KubeObject): KubeObject {
    this.writes += 1;
    const metadata = { ...object.metadata, uid: 'lease', resourceVersion: String(this.writes) };
    this.lease = structuredClone({ ...object, metadata });
    return structuredClone(this.lease);
  }
}
