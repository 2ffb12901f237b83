/**
 * The pods that take part, in groups that share one snapshot, and the sources that are for them. A change costs in proportion
 * to the groups that it concerns: it names them, and only these are compiled again.
 */
import { judgeAim, type Who } from '@fusebox/api/compile/who.ts';
import type { Document } from '@fusebox/api/document.ts';
import { BlobTable } from './blob-table.ts';
import { documentInForce, holds, type InForce } from './in-force.ts';
import { groupKeyOf, type PodFacts, type ServiceFacts, whoOf, whoOfGroupKey } from './pod-facts.ts';
import type { Source } from './source.ts';

/** A source and which of its settings are in force. */
export interface Ruling {
  source: Source;
  inForce: InForce;
}

/** A pod of the fleet. */
export interface FleetPod {
  facts: PodFacts;
  group: string;
  /** Since when it has been Ready without a break (ms, monotonic), as far as this process knows; null: it is not. */
  readySinceMs: number | null;
}

export interface Group {
  key: string;
  who: Who;
  /** UIDs. */
  pods: Set<string>;
}

export class Fleet {
  /** What sources in force hold beside their documents' text. */
  readonly blobs = new BlobTable();
  readonly #pods = new Map<string, FleetPod>();
  readonly #groups = new Map<string, Group>();
  readonly #spaces = new Map<string, Space>();
  readonly #keysByUid = new Map<string, string>();

  group(key: string): Group | null {
    return this.#groups.get(key) ?? null;
  }

  pod(uid: string): FleetPod | null {
    return this.#pods.get(uid) ?? null;
  }

  get sizes(): { pods: number; groups: number } {
    return { pods: this.#pods.size, groups: this.#groups.size };
  }

  ruling(key: string, namespace: string): Ruling | null {
    return this.#spaces.get(namespace)?.rulings.get(key) ?? null;
  }

  /** Sets what is in force of a source; null: it is gone. Names the groups for which that makes a difference. */
  setSource(key: string, namespace: string, ruling: Ruling | null): string[] {
    const { rulings, groups } = this.#space(namespace);
    const documents = [rulings.get(key) ?? null, ruling].flatMap((one) => (one === null ? [] : [aimOf(one)]));
    const uidBefore = rulings.get(key)?.source.uid;
    if (uidBefore !== undefined) this.#keysByUid.delete(uidBefore);
    this.blobs.hold(key, ruling === null ? new Map() : blobsOf(ruling));
    if (ruling === null) rulings.delete(key);
    else {
      rulings.set(key, ruling);
      this.#keysByUid.set(ruling.source.uid, key);
    }
    return [...groups].filter((group) => {
      const { who } = this.#groups.get(group)!;
      return documents.some((document) => isFor(document, who));
    });
  }

  /** Sets or removes a pod. Names the groups that gained or lost one. */
  setPod(uid: string, facts: PodFacts | null, nowMs: number): string[] {
    const before = this.#pods.get(uid) ?? null;
    if (facts === null) {
      this.#pods.delete(uid);
      return before === null ? [] : this.#leave(before, uid);
    }
    const who = whoOf(facts, [...this.#space(facts.namespace).services.values()]);
    const group = groupKeyOf(who);
    const readySinceMs = facts.ready ? (before?.readySinceMs ?? nowMs) : null;
    this.#pods.set(uid, { facts, group, readySinceMs });
    if (before?.group === group) return [group];
    const left = before === null ? [] : this.#leave(before, uid);
    this.#join(group, who, uid);
    return [...left, group];
  }

  /** Sets or removes a Service. Names the groups of the pods that belong to it now or did before. */
  setService(key: string, namespace: string, service: ServiceFacts | null, nowMs: number): string[] {
    const { services, groups } = this.#space(namespace);
    if (service === null) services.delete(key);
    else services.set(key, service);
    const uids = [...groups].flatMap((group) => [...this.#groups.get(group)!.pods]);
    const touched = uids.flatMap((uid) => {
      const { facts, group } = this.#pods.get(uid)!;
      const names = this.setPod(uid, facts, nowMs);
      return names.length === 1 && names[0] === group ? [] : names;
    });
    return [...new Set(touched)];
  }

  /** Keys of all sources. */
  rulingKeys(): string[] {
    return [...this.#spaces.values()].flatMap(({ rulings }) => [...rulings.keys()]);
  }

  /** The key of the source with this UID; null: there is none. */
  keyOfUid(uid: string): string | null {
    return this.#keysByUid.get(uid) ?? null;
  }

  /** Keys of the sources that are for this group, also one that lost its last pod, whether their settings are good or not. */
  sourcesOf(groupKey: string): string[] {
    const who = this.#groups.get(groupKey)?.who ?? whoOfGroupKey(groupKey);
    const rulings = this.#spaces.get(who.namespace ?? '')?.rulings ?? new Map<string, Ruling>();
    return [...rulings].filter(([, ruling]) => isFor(aimOf(ruling), who)).map(([key]) => key);
  }

  /** What this group is to obey: documents by the tags of their sources, or the sources that make it keep what it has. */
  documentsFor({ who }: Group): { documents: Map<string, Document> } | { heldBy: string[] } {
    const rulings = this.#spaces.get(who.namespace ?? '')?.rulings ?? new Map<string, Ruling>();
    const documents = new Map<string, Document>();
    const heldBy: string[] = [];
    for (const [key, ruling] of rulings) {
      const { inForce } = ruling;
      if (!isFor(aimOf(ruling), who)) continue;
      if (holds(inForce)) heldBy.push(key);
      if (inForce.state === 'current' || inForce.state === 'lastGood') documents.set(inForce.tag, inForce.document);
    }
    return heldBy.length > 0 ? { heldBy } : { documents };
  }

  /** The groups that a source is for. */
  groupsOf({ source, inForce }: Ruling): Group[] {
    const document = aimOf({ source, inForce });
    const keys = this.#spaces.get(source.namespace)?.groups ?? new Set<string>();
    return [...keys].map((key) => this.#groups.get(key)!).filter(({ who }) => isFor(document, who));
  }

  #leave({ facts, group: key }: FleetPod, uid: string): string[] {
    const group = this.#groups.get(key)!;
    group.pods.delete(uid);
    if (group.pods.size > 0) return [key];
    this.#groups.delete(key);
    this.#space(facts.namespace).groups.delete(key);
    return [key];
  }

  #join(key: string, who: Who, uid: string): void {
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.pods.add(uid);
      return;
    }
    this.#groups.set(key, { key, who, pods: new Set([uid]) });
    this.#space(who.namespace ?? '').groups.add(key);
  }

  #space(namespace: string): Space {
    let space = this.#spaces.get(namespace);
    if (space === undefined) {
      space = { rulings: new Map(), services: new Map(), groups: new Set() };
      this.#spaces.set(namespace, space);
    }
    return space;
  }
}

/** One namespace. Nothing reaches beyond it. */
interface Space {
  rulings: Map<string, Ruling>;
  services: Map<string, ServiceFacts>;
  groups: Set<string>;
}

/** Settings in force say whom they are for; where there are none, the object says it. */
const aimOf = ({ source, inForce }: Ruling): Document => documentInForce(inForce) ?? source.claim;

function blobsOf({ inForce }: Ruling): Map<string, Uint8Array> {
  const document = documentInForce(inForce);
  return document?.kind === 'ConfigMap' ? document.blobs : new Map();
}

/** A pod of no workload is not one of a workload that a document names: here, unlike with a file, everything is known. */
const isFor = (document: Document, who: Who): boolean => judgeAim(document, who) === 'ours';
