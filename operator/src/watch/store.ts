/** What was last seen of each object of a kind, by `namespace/name`, with indexes. It holds only what `keep` kept. */
export class Store<T> {
  readonly #byKey = new Map<string, T>();
  readonly #indexes: Map<string, Index<T>>;

  /** `indexes`: by name, the values under which an object is to be found. */
  constructor(indexes: Readonly<Record<string, (item: T) => readonly string[]>> = {}) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, valuesOf]) => [name, { valuesOf, keys: new Map() }]));
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): T | null {
    return this.#byKey.get(key) ?? null;
  }

  keys(): string[] {
    return [...this.#byKey.keys()];
  }

  values(): Iterable<T> {
    return this.#byKey.values();
  }

  /** All objects with this value in that index, in the order of their keys. @throws Error when there is no such index. */
  by(index: string, value: string): T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`the store has no index "${index}"`);
    return [...(found.keys.get(value) ?? [])].toSorted().map((key) => this.#byKey.get(key)!);
  }

  set(key: string, item: T): void {
    this.#unindex(key);
    this.#byKey.set(key, item);
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(item)) {
        const under = keys.get(value);
        if (under === undefined) keys.set(value, new Set([key]));
        else under.add(key);
      }
    }
  }

  delete(key: string): void {
    this.#unindex(key);
    this.#byKey.delete(key);
  }

  #unindex(key: string): void {
    const item = this.#byKey.get(key);
    if (item === undefined) return;
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(item)) {
        const under = keys.get(value);
        under?.delete(key);
        if (under?.size === 0) keys.delete(value);
      }
    }
  }
}

interface Index<T> {
  valuesOf: (item: T) => readonly string[];
  keys: Map<string, Set<string>>;
}

/** The key of an object in its store. */
export const keyOf = ({ namespace, name }: { namespace?: string | null; name: string }): string =>
  `${namespace ?? ''}/${name}`;
