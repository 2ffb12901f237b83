import type { Settings } from './settings/settings.ts';

type Level = Settings['log']['level'];

/** What is said beside the message. An error under `error` is written with its stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Lines of JSON, one for each thing that somebody may want to know later. */
export type Log = Readonly<Record<Level, (message: string, fields?: LogFields) => void>>;

const rank: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Writes `{"time","level","message",…}` lines.
 * @param write takes one line with its end
 * @param level asked for each line, so that it can change live
 * @param nowMs ms since 1970
 * @param ofAll stands in every line
 */
export function createLog(
  write: (line: string) => void,
  level: () => Level,
  nowMs: () => number,
  ofAll: LogFields = {},
): Log {
  const at =
    (own: Level) =>
    (message: string, fields: LogFields = {}): void => {
      if (rank[own] < rank[level()]) return;
      const time = new Date(nowMs()).toISOString();
      write(`${JSON.stringify({ time, level: own, message, ...ofAll, ...fields }, plain)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

// JSON.stringify would write an error as {}.
function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { message, stack, cause } = value;
  return { message, ...('code' in value && { code: value.code }), ...(cause !== undefined && { cause }), stack };
}

/** Says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
