/** What the verbs ask of an API server. Tests give a plain object. */
export interface Cluster {
  /** Its address. */
  server: string;
  /** Of the context; `default` where it names none. */
  namespace: string;
  /** The object at a path; null: there is none (404). @throws ClusterError */
  get(path: string): Promise<unknown>;
  /** Creates an object, and answers with what the server made of it. @throws ClusterError */
  create(path: string, body: object): Promise<unknown>;
}

/** Why the API server gave no answer that helps. */
export class ClusterError extends Error {
  /** `unavailable`: no answer at all. `forbidden`: not for this user (401, 403). `failed`: anything else. */
  readonly code: 'unavailable' | 'forbidden' | 'failed';

  constructor(code: ClusterError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}
