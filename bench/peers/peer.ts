/** What a proxy is started with. */
export interface Surroundings {
  /** The port of 127.0.0.1 that it listens on. */
  port: number;
  /** The service: on TCP and on a Unix socket. */
  upstreamPort: number;
  upstreamSocket: string;
  /** A base URL that takes spans by OTLP/HTTP. */
  collector: string;
  /** An empty folder of its own, removed afterwards. */
  folder: string;
}

/** A proxy that is measured. */
export interface Peer {
  name: string;
  title: string;
  /** Why it cannot run here, and the command that helps; null when it can. */
  missing: () => string | null;
  /** Its command line; whatever files that needs are written before this returns. */
  command: (surroundings: Surroundings) => string[];
}
