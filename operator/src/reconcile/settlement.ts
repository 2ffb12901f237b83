/** What each group is to obey, compiled when something changed, and which settings each digest was made of. */
import { type Compiled, compile } from '@fusebox/api/compile/compile.ts';
import { profileFor } from '@fusebox/api/compile/profile.ts';
import type { Document } from '@fusebox/api/document.ts';
import { digestOf } from '@fusebox/api/digest.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
import type { Fleet, Group } from './fleet.ts';

/** How a group stands. */
export interface Settled {
  compiled: Compiled | null;
  /** How the sidecars of these pods are to run. */
  profile: SidecarProfileSpec;
  /** Sources that make the group keep what it has; empty: nothing does. */
  heldBy: string[];
  /** The last digests of this group, the newest last, each with the tags of all settings it was made of at some time. */
  madeOf: Map<string, Set<string>>;
}

interface Shared {
  compiled: Compiled;
  profile: SidecarProfileSpec;
  users: Set<string>;
}

/** A pod that is late by more digests than this obeys settings that nobody asks for any more. */
const REMEMBERED_DIGESTS = 8;

export class Settlement {
  readonly #fleet: Fleet;
  readonly #settled = new Map<string, Settled>();
  /** Groups with the same documents share one result, and one digest's worth of memory. */
  readonly #shared = new Map<string, Shared>();
  readonly #inputs = new Map<string, string>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** How many compilations are kept (count). */
  get size(): number {
    return this.#shared.size;
  }

  of(groupKey: string): Settled | null {
    return this.#settled.get(groupKey) ?? null;
  }

  /** Compiles what this group is to obey now, unless it did before; null: the group is gone. */
  settle(groupKey: string): Settled | null {
    const group = this.#fleet.group(groupKey);
    if (group === null) {
      this.#settled.delete(groupKey);
      this.#use(groupKey, null);
      return null;
    }
    const before = this.#settled.get(groupKey) ?? { compiled: null, profile: {}, heldBy: [], madeOf: new Map() };
    const input = this.#fleet.documentsFor(group);
    const settled =
      'heldBy' in input
        ? { ...before, heldBy: input.heldBy }
        : { ...before, heldBy: [], ...this.#compile(group, input.documents) };
    if (!('heldBy' in input)) remember(settled.madeOf, settled.compiled!.snapshot.digest, input.documents.keys());
    this.#settled.set(groupKey, settled);
    return settled;
  }

  #compile(group: Group, documents: ReadonlyMap<string, Document>): Pick<Shared, 'compiled' | 'profile'> {
    const input = digestOf([...documents.keys()].toSorted());
    const found = this.#shared.get(input);
    const all = [...documents.values()];
    const compiled = found?.compiled ?? compile(all, group.who);
    const profile = found?.profile ?? profileFor(all, group.who);
    if (found === undefined) this.#shared.set(input, { compiled, profile, users: new Set() });
    this.#use(group.key, input);
    return { compiled, profile };
  }

  #use(groupKey: string, input: string | null): void {
    const before = this.#inputs.get(groupKey);
    if (before === input) return;
    if (input === null) this.#inputs.delete(groupKey);
    else {
      this.#inputs.set(groupKey, input);
      this.#shared.get(input)!.users.add(groupKey);
    }
    if (before === undefined) return;
    const { users } = this.#shared.get(before)!;
    users.delete(groupKey);
    if (users.size === 0) this.#shared.delete(before);
  }
}

function remember(madeOf: Settled['madeOf'], digest: string, tags: Iterable<string>): void {
  const all = new Set([...(madeOf.get(digest) ?? []), ...tags]);
  madeOf.delete(digest);
  madeOf.set(digest, all);
  const [oldest] = madeOf.keys();
  if (madeOf.size > REMEMBERED_DIGESTS) madeOf.delete(oldest!);
}
