/** What the exit status says; 64 and 69 are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  /** Settings are wrong, not in force, or not yet. */
  notOk: 1,
  usage: 64,
  /** There is no API server to ask. */
  unavailable: 69,
} as const;

/** How a verb ended, and what it has to say. */
export interface Outcome {
  exit: (typeof EXIT)[keyof typeof EXIT];
  /** For stdout; ends with a line break unless empty. */
  text: string;
  /** For stderr, one line each. */
  complaints: string[];
}
