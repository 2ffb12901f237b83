/**
 * The pods that take part, in groups that share one snapshot, and the sources that are for them. A change costs in proportion
 * to the groups that it concerns: it names them, and only these are compiled again.
 */
import { isDeepStrictEqual } from 'node:util';
import { isClusterWide } from '@fusebox/api/compile/cluster-profile.ts';
import { profileFor } from '@fusebox/api/compile/profile.ts';
import { judgeAim, type Who } from '@fusebox/api/compile/who.ts';
import type { Document } from '@fusebox/api/document.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';
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
  /** Those that are for the pods of every namespace. They stand in their own namespace's space, too. */
  readonly #wide = new Map<string, Ruling>();

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
    const wasWide = this.#wide.delete(key);
    const documents = [rulings.get(key) ?? null, ruling].flatMap((one) => (one === null ? [] : [aimOf(one)]));
    const uidBefore = rulings.get(key)?.source.uid;
    if (uidBefore !== undefined) this.#keysByUid.delete(uidBefore);
    this.blobs.hold(key, ruling === null ? new Map() : blobsOf(ruling));
    if (ruling === null) rulings.delete(key);
    else {
      rulings.set(key, ruling);
      this.#keysByUid.set(ruling.source.uid, key);
      if (isClusterWide(aimOf(ruling))) this.#wide.set(key, ruling);
    }
    const reach = wasWide || this.#wide.has(key) ? this.#groups.keys() : groups;
    return [...reach].filter((group) => {
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
    const before = services.get(key);
    if (service === null) services.delete(key);
    else services.set(key, service);
    // Other ports alone move no pod, but may lead past sidecars now, or no longer do.
    const portsChanged = !isDeepStrictEqual(before?.ports, service?.ports);
    const isOf = ({ workloads }: Who): boolean =>
      workloads.some(({ kind, name }) => kind === 'Service' && name === (service ?? before)?.name);
    const uids = [...groups].flatMap((group) => [...this.#groups.get(group)!.pods]);
    const touched = uids.flatMap((uid) => {
      const { facts, group } = this.#pods.get(uid)!;
      const names = this.setPod(uid, facts, nowMs);
      return names.length === 1 && names[0] === group ? [] : names;
    });
    const led = portsChanged ? [...groups].filter((group) => isOf(this.#groups.get(group)!.who)) : [];
    return [...new Set([...touched, ...led])];
  }

  /** The Services that select the pods of a group. */
  servicesOf({ who }: Pick<Group, 'who'>): ServiceFacts[] {
    const { services } = this.#space(who.namespace ?? '');
    const named = who.workloads.filter(({ kind }) => kind === 'Service').map(({ name }) => name);
    return named.flatMap((name) => services.get(`${who.namespace ?? ''}/${name}`) ?? []);
  }

  /** Namespaces with a pod for which this holds. */
  namespacesWith(holdsFor: (pod: PodFacts) => boolean): string[] {
    const pods = [...this.#pods.values()].filter(({ facts }) => holdsFor(facts));
    return [...new Set(pods.map(({ facts }) => facts.namespace))];
  }

  /** How the sidecar of such a pod is to run, by all that is in force; also of a pod that is not there yet. */
  profileFor(who: Who): SidecarProfileSpec {
    const documents = this.#rulingsFor(who).flatMap(([, { inForce }]) => documentInForce(inForce) ?? []);
    return profileFor(documents, who);
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
    return this.#rulingsFor(who)
      .filter(([, ruling]) => isFor(aimOf(ruling), who))
      .map(([key]) => key);
  }

  /** Is the source with this key for the pods of every namespace? */
  isWide(key: string): boolean {
    return this.#wide.has(key);
  }

  /** What this group is to obey: documents by the tags of their sources, or the sources that make it keep what it has. */
  documentsFor({ who }: Group): { documents: Map<string, Document> } | { heldBy: string[] } {
    const documents = new Map<string, Document>();
    const heldBy: string[] = [];
    for (const [key, ruling] of this.#rulingsFor(who)) {
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
    const own = this.#spaces.get(source.namespace)?.groups ?? new Set<string>();
    const keys = isClusterWide(document) ? this.#groups.keys() : own;
    return [...keys].map((key) => this.#groups.get(key)!).filter(({ who }) => isFor(document, who));
  }

  /** By their keys: all of the namespace, and those that are for every one. */
  #rulingsFor({ namespace }: Who): [string, Ruling][] {
    const own = this.#spaces.get(namespace ?? '')?.rulings ?? new Map<string, Ruling>();
    return [...own, ...[...this.#wide].filter(([key]) => !own.has(key))];
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

/** One namespace. Nothing reaches beyond it but what is for the whole cluster. */
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
