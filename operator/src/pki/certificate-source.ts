import type { Credentials } from './authority.ts';

/** What is in force. */
export interface CertificatesInForce {
  /** PEM of every trusted authority. */
  bundle: string;
  serving: Credentials;
}

/** What the operator serves with and is trusted by: signed by itself (`Certificates`), or by somebody else (`FolderCertificates`). */
export interface CertificateSource {
  readonly current: CertificatesInForce;
  /** When the serving certificate ends (ms since 1970). */
  readonly servingUntilMs: number;
  /** How often `check` is to be called (ms). */
  readonly checkEveryMs: number;
  /** Tells of every change from now on; the function that is returned ends that. */
  onChange(listener: (now: CertificatesInForce) => void): () => void;
  /** Takes over what is new. @throws when that fails; what was in force stays. */
  check(): Promise<void>;
}
