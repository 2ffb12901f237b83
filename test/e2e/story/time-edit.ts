/** What an edit took to be seen, from where its command returned (ms). Less than 0: before that. */
export interface EditTime {
  /** Until the first answer that shows it. */
  firstMs: number;
  /** Until the last answer that does not; null: no answer after `firstMs` was an old one. */
  lastOldMs: number | null;
}

/** So many answers in a row have to show it: any pod may give the next one (count). */
const ENOUGH = 20;
/** Long enough for a machine with much else to do. */
const PATIENCE_MS = 60_000;

/** Runs a command that edits something while it asks without a pause whether that shows. @throws Error when it never does */
export async function timeEdit(edit: () => Promise<unknown>, isShown: () => Promise<boolean>): Promise<EditTime> {
  const command = { isOver: false };
  const editing = edit().then(() => {
    command.isOver = true;
    return performance.now();
  });
  let endMs = performance.now() + PATIENCE_MS;
  // What it failed with is thrown below.
  editing.catch(() => {
    command.isOver = true;
    endMs = 0;
  });
  let firstMs: number | null = null;
  let lastOldMs: number | null = null;
  let asked = 0;
  for (let inARow = 0; inARow < ENOUGH || !command.isOver;) {
    const shown = await isShown();
    const nowMs = performance.now();
    if (shown) firstMs ??= nowMs;
    else if (firstMs !== null) lastOldMs = nowMs;
    inARow = shown ? inARow + 1 : 0;
    asked += 1;
    if (nowMs <= endMs) continue;
    if (command.isOver) await editing;
    throw new Error(failure({ asked, inARow, returned: command.isOver }));
  }
  const fromMs = await editing;
  return { firstMs: firstMs! - fromMs, lastOldMs: lastOldMs === null ? null : lastOldMs - fromMs };
}

const failure = ({ asked, inARow, returned }: { asked: number; inARow: number; returned: boolean }): string =>
  `the edit did not show in ${PATIENCE_MS / 1_000} s: of ${asked} answers the last ${inARow} show it; the command ${returned ? 'had returned' : 'still ran'}`;

/** In words. */
export function editTimeText({ firstMs, lastOldMs }: EditTime, command = 'kubectl'): string {
  const first = `the first changed answer came ${since(firstMs, command)}`;
  return lastOldMs === null
    ? `${first}, and no old one after it`
    : `${first}, the last old one ${since(lastOldMs, command)}`;
}

const since = (ms: number, command: string): string =>
  ms < 0 ? `${Math.round(-ms)} ms before ${command} returned` : `${Math.round(ms)} ms after ${command} returned`;
