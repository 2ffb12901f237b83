/** Levels, least important first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What stands beside the message. An `Error` becomes its message and code; its stack is written at level `debug` only. */
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

interface LoggerOptions {
  /** Less important lines are not written. */
  level: LogLevel;
  /** Takes one line with its line feed. Default: standard output; what cannot be written there is lost in silence. */
  write?: (line: string) => void;
  /** Milliseconds since 1970. */
  wallMs: () => number;
}

/** How deep causes are followed; a chain may be a circle. */
const maxCauses = 5;

function plainError(error: Error, withStack: boolean, depth = 0): LogFields {
  const plain: LogFields = { message: error.message };
  if ('code' in error && error.code !== undefined) plain['code'] = error.code;
  if (withStack) plain['stack'] = error.stack;
  if (error.cause instanceof Error && depth < maxCauses) plain['cause'] = plainError(error.cause, withStack, depth + 1);
  return plain;
}

function plainValue(value: unknown, withStack: boolean): unknown {
  if (value instanceof Error) return plainError(value, withStack);
  return typeof value === 'bigint' ? String(value) : value;
}

let standardOutputGuarded = false;

/** Pipes and files are written synchronously by Node; a reader that has gone (EPIPE) must not end the process. */
function writeStandardOutput(line: string): void {
  if (!standardOutputGuarded) {
    standardOutputGuarded = true;
    process.stdout.on('error', () => {});
  }
  process.stdout.write(line);
}

/** A logger of JSON lines `{time, level, message, …fields}`, `time` in ISO 8601. It never throws. */
export function newLogger({ level, write = writeStandardOutput, wallMs }: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(level);
  const withStack = level === 'debug';

  function log(lineLevel: LogLevel, message: string, fields: LogFields = {}): void {
    if (logLevels.indexOf(lineLevel) < lowest) return;
    const head = { time: new Date(wallMs()).toISOString(), level: lineLevel, message };
    const line: LogFields = { ...head };
    for (const [name, value] of Object.entries(fields)) {
      if (!(name in head)) line[name] = plainValue(value, withStack);
    }
    try {
      write(`${stringify(line, head)}\n`);
    } catch {
      // Whoever reads the log has gone; there is nobody to tell.
    }
  }

  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
  };
}

/** A field that JSON cannot hold (a circle) costs the fields, never the line. */
function stringify(line: LogFields, head: LogFields): string {
  try {
    return JSON.stringify(line);
  } catch (error) {
    return JSON.stringify({ ...head, fieldsLost: String(error).split('\n')[0] });
  }
}
