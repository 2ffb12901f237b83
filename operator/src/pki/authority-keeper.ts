import type { KeptAuthorities } from './authorities.ts';

/** Where the authorities are kept, for all replicas and across restarts. */
export interface AuthorityKeeper {
  /** null: nothing is kept. @throws when the place cannot be reached. */
  read(): Promise<{ kept: KeptAuthorities; version: string } | null>;
  /**
   * Keeps these instead of the ones of that version (null: of none). `conflict`: somebody was faster, nothing was written.
   * @throws when the place cannot be reached.
   */
  write(kept: KeptAuthorities, version: string | null): Promise<'written' | 'conflict'>;
}

/** Keeps them in this process only. */
export function newMemoryKeeper(): AuthorityKeeper {
  let held: { kept: KeptAuthorities; version: string } | null = null;
  return {
    read: async () => held,
    async write(kept, version) {
      if (version !== (held?.version ?? null)) return 'conflict';
      held = { kept, version: String(Number(version ?? 0) + 1) };
      return 'written';
    },
  };
}
