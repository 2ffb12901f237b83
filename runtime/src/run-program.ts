/** `EX_USAGE` of sysexits.h. */
const BAD_USAGE = 64;

/** What the command line came to. */
type Read<Config> = { config: Config } | { help: string } | { faults: string[] };

/**
 * The last lines of a program: prints the help, or all faults and exits 64 before a port is bound, or runs and exits with
 * what `run` answers.
 */
export async function runProgram<Config>(read: Read<Config>, run: (config: Config) => Promise<number>): Promise<void> {
  if ('help' in read) process.stdout.write(read.help);
  else if ('faults' in read) {
    process.stderr.write(`${read.faults.join('\n')}\n`);
    process.exitCode = BAD_USAGE;
  } else process.exit(await run(read.config));
}
