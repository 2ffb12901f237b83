/** What sidecars say of flags → which of them agree, and a table of it. */
import { canonicalJson } from '@fusebox/api/digest.ts';
import { table } from './table.ts';

/** What one sidecar says of one flag, as OFREP has it. */
export interface FlagAnswer {
  key: string;
  /** Missing: the caller's own default holds. */
  value?: unknown;
  reason?: string;
  variant?: string;
  errorCode?: string;
  errorDetails?: string;
  metadata?: Readonly<Record<string, unknown>>;
}

/** What one sidecar says. */
export interface SidecarAnswers {
  /** The name of its pod, or its address. */
  sidecar: string;
  answers: readonly FlagAnswer[];
}

/** A flag, and who says what of it: those who say the same stand together, most of them first. */
export interface ComparedFlag {
  key: string;
  /** All say the same. */
  agreed: boolean;
  groups: { sidecars: string[]; answer: FlagAnswer }[];
}

const MAX_VALUE_LENGTH = 60;

/** Flags by name. Why a flag is what it is counts too: the same value for another reason is another answer. */
export function compareAnswers(told: readonly SidecarAnswers[]): ComparedFlag[] {
  const flags = new Map<string, Map<string, { sidecars: string[]; answer: FlagAnswer }>>();
  for (const { sidecar, answers } of told) {
    for (const answer of answers) {
      const groups = flags.get(answer.key) ?? new Map<string, { sidecars: string[]; answer: FlagAnswer }>();
      const same = canonicalJson([answer.value ?? null, 'value' in answer, ...cellsOf(answer).slice(1)]);
      const group = groups.get(same) ?? { sidecars: [], answer };
      group.sidecars.push(sidecar);
      flags.set(answer.key, groups.set(same, group));
    }
  }
  return [...flags]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, groups]) => {
      const sorted = [...groups.values()].toSorted((a, b) => b.sidecars.length - a.sidecars.length);
      return { key, agreed: sorted.length === 1, groups: sorted };
    });
}

/** One line for each flag on which all agree; others are marked, with a line for each answer and who gives it. */
export function flagTable(flags: readonly ComparedFlag[]): string {
  const rows = flags.flatMap(({ key, agreed, groups }) =>
    groups.map(({ sidecars, answer }, index) => {
      const who = agreed && sidecars.length > 1 ? `${sidecars.length} pods` : sidecars.join(', ');
      return [agreed ? '' : '!', index === 0 ? key : '', ...cellsOf(answer), who];
    }),
  );
  const marked = flags.some(({ agreed }) => !agreed);
  const all = [['', 'FLAG', 'VALUE', 'VARIANT', 'REASON', 'PODS'], ...rows];
  return table(marked ? all : all.map((row) => row.slice(1)));
}

function cellsOf(answer: FlagAnswer): string[] {
  const { reason = 'UNKNOWN', variant = '-', errorCode, errorDetails, metadata = {} } = answer;
  if (errorCode !== undefined) {
    return ['-', '-', `ERROR ${errorCode}${errorDetails === undefined ? '' : `: ${errorDetails}`}`];
  }
  const why = metadata['reason'] === 'CIRCUIT_OPEN' ? `CIRCUIT_OPEN ${String(metadata['circuit'])}` : reason;
  if (!('value' in answer)) return ["the caller's default", '-', why];
  const value = JSON.stringify(answer.value);
  return [value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH - 1)}…` : value, variant, why];
}
