import {
  ErrorCode,
  OpenFeatureEventEmitter,
  ProviderEvents,
  StandardResolutionReasons,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk';

/** What a source says of a flag. Without `value` the caller's default holds. */
export type FlagAnswer = Omit<ResolutionDetails<unknown>, 'value'> & { value?: unknown };

/** All flags by key. */
export type FlagTable = ReadonlyMap<string, FlagAnswer>;

/** Whom a source tells of its flags. */
export interface FlagListener {
  /** These are all flags from now on. */
  replace(table: FlagTable): void;
  /** The source has lost its server: what it told last still holds. */
  lost(): void;
}

/** Where flags come from. */
export interface FlagSource {
  readonly name: string;
  /** Tells the flags, then every change of them. Rejects when it has none yet; it goes on trying all the same. */
  start(listener: FlagListener): Promise<void>;
  stop(): void;
}

/** Evaluates from a table that its source replaces as a whole: flags that were edited together change together. */
export class TableProvider implements Provider {
  readonly metadata: { name: string };
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  readonly #source: FlagSource;
  #table: FlagTable = new Map();
  #isLost = false;

  constructor(source: FlagSource) {
    this.#source = source;
    this.metadata = { name: source.name };
  }

  initialize(): Promise<void> {
    return this.#source.start({
      replace: (table) => this.#replace(table),
      lost: () => {
        this.#isLost = true;
        this.events.emit(ProviderEvents.Stale, { message: `${this.#source.name} is away` });
      },
    });
  }

  onClose(): Promise<void> {
    this.#source.stop();
    return Promise.resolve();
  }

  #replace(table: FlagTable): void {
    const before = this.#table;
    this.#table = table;
    if (this.#isLost) this.events.emit(ProviderEvents.Ready);
    this.#isLost = false;
    const keys = new Set([...before.keys(), ...table.keys()]);
    const flagsChanged = [...keys].filter((key) => before.get(key)?.value !== table.get(key)?.value);
    if (flagsChanged.length > 0) this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
  }

  #resolve<T>(key: string, defaultValue: T): Promise<ResolutionDetails<T>> {
    const found = this.#table.get(key);
    if (found?.value === undefined) {
      const missing = { errorCode: ErrorCode.FLAG_NOT_FOUND, reason: StandardResolutionReasons.ERROR };
      return Promise.resolve({ ...(found ?? missing), value: defaultValue });
    }
    if (typeof found.value !== typeof defaultValue) {
      return Promise.resolve({ value: defaultValue, errorCode: ErrorCode.TYPE_MISMATCH });
    }
    return Promise.resolve(found as ResolutionDetails<T>);
  }

  resolveBooleanEvaluation(key: string, defaultValue: boolean) {
    return this.#resolve(key, defaultValue);
  }
  resolveStringEvaluation(key: string, defaultValue: string) {
    return this.#resolve(key, defaultValue);
  }
  resolveNumberEvaluation(key: string, defaultValue: number) {
    return this.#resolve(key, defaultValue);
  }
  resolveObjectEvaluation<T>(key: string, defaultValue: T) {
    return this.#resolve(key, defaultValue);
  }
}
