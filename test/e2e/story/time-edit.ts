/** What an edit took to be seen, from where its command returned (ms). Less than 0: before that. */
export interface EditTime {
  /** Until the first answer that shows it. */
  firstMs: number;
  /** Until the last answer that does not; null: no answer after `firstMs` was an old one. */
  lastOldMs: number | null;
}

/** So many answers in a row have to show it: any pod may give the next one (count). */
const ENOUGH = 20;
const PATIENCE_MS = 15_000;

/** Runs a command that edits something while it asks without a pause whether that shows. @throws Error when it never does */
export async function timeEdit(edit: () => Promise<unknown>, isShown: () => Promise<boolean>): Promise<EditTime> {
  const command = { isOver: false };
  const editing = edit().then(() => {
    command.isOver = true;
    return performance.now();
  });
  // It is awaited below; until then its failure must not end the process.
  editing.catch(() => {});
  const endMs = performance.now() + PATIENCE_MS;
  let firstMs: number | null = null;
  let lastOldMs: number | null = null;
  for (let inARow = 0; inARow < ENOUGH || !command.isOver;) {
    const shown = await isShown();
    const nowMs = performance.now();
    if (shown) firstMs ??= nowMs;
    else if (firstMs !== null) lastOldMs = nowMs;
    inARow = shown ? inARow + 1 : 0;
    if (nowMs > endMs) throw new Error(`the edit did not show in ${PATIENCE_MS / 1_000} s`);
  }
  const fromMs = await editing;
  return { firstMs: firstMs! - fromMs, lastOldMs: lastOldMs === null ? null : lastOldMs - fromMs };
}

/** In words. */
export function editTimeText({ firstMs, lastOldMs }: EditTime, command = 'kubectl'): string {
  const first = `the first changed answer came ${since(firstMs, command)}`;
  return lastOldMs === null
    ? `${first}, and no old one after it`
    : `${first}, the last old one ${since(lastOldMs, command)}`;
}

const since = (ms: number, command: string): string =>
  ms < 0 ? `${Math.round(-ms)} ms before ${command} returned` : `${Math.round(ms)} ms after ${command} returned`;
