import type { Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { CertificateSource } from './certificate-source.ts';

/** Looks after the certificates until the returned function is called. What fails is logged and tried again. */
export function keepCertificates(
  certificates: CertificateSource,
  { timers, log }: { timers: Timers; log: Logger },
): () => void {
  const forget = certificates.onChange(() => {
    log.info('certificates renewed', { servingUntil: certificates.servingUntilMs });
  });
  let cancel = (): void => {};
  let ended = false;
  const next = (): void => {
    cancel = timers.after(certificates.checkEveryMs, () => {
      void certificates
        .check()
        .catch((error: unknown) => log.warn('certificates could not be checked; those in force stay', { error }))
        .finally(() => {
          if (!ended) next();
        });
    });
  };
  next();
  return () => {
    ended = true;
    cancel();
    forget();
  };
}
