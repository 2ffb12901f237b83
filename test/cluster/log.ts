/** Takes a line for the person who waits. */
export type Log = (line: string) => void;

/** Lines on standard error: standard output is for what a shell evaluates. */
export const logToStderr: Log = (line) => void process.stderr.write(`cluster: ${line}\n`);
