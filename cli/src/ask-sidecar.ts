/** What `flags` asks of sidecars. Tests give a plain object. */

/** One sidecar that can be asked. */
export interface AskableSidecar {
  /** The name of its pod, or its address. */
  name: string;
  /** Posts JSON to its local API. Rejects with a message for people when there is no answer. */
  post(path: string, body: object): Promise<{ status: number; body: unknown }>;
}
