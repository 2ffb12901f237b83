import type { After } from './back-pressure.ts';
import type { Log } from './log.ts';
import type { Service } from './service.ts';

interface Options {
  service: Pick<Service, 'cut' | 'close'>;
  /** How long it may take (ms). */
  withinMs: () => number;
  log: Log;
  after: After;
  /** Ends the process. */
  exit: (code: number) => void;
}

/**
 * Ends the service when it is called: requests under way have half of the time, and what they leave behind (events to
 * publish, spans to send) has the rest. Called again, it waits for nothing. Exit code 0: nothing was cut short.
 */
export function createShutdown({ service, withinMs, log, after, exit }: Options): (cause: string) => void {
  let stopping = false;
  return (cause) => {
    if (stopping) {
      log.warn('stopping at once', { cause });
      exit(1);
      return;
    }
    stopping = true;
    log.info('stopping', { cause });
    const boundMs = withinMs();
    // Some never end: a client that reads nothing, the `hang` switch.
    after(boundMs / 2, () => service.cut());
    after(boundMs, () => {
      log.error('not everything was finished in time');
      exit(1);
    });
    service.close().then(
      () => exit(0),
      (error: unknown) => {
        log.error('could not stop properly', { error });
        exit(1);
      },
    );
  };
}
