import { type Endpoint, json } from '@fusebox/runtime/admin.ts';

interface AdminViews {
  /** What `/snapshot` shows, as a value for JSON. */
  snapshot: () => unknown;
  /** What `/circuits` shows, as a value for JSON. */
  circuits: () => unknown;
  /** Begins to drain; may be called again. */
  drain: () => void;
}

/** What a sidecar's admin listener has beside the usual: `/snapshot`, `/circuits` and `POST /drain`, for callers on this machine. */
export const adminEndpoints = ({ snapshot, circuits, drain }: AdminViews): Record<string, Endpoint> => ({
  '/snapshot': { method: 'GET', access: 'loopback', reply: () => json(200, snapshot()) },
  '/circuits': { method: 'GET', access: 'loopback', reply: () => json(200, circuits()) },
  '/drain': {
    method: 'POST',
    access: 'loopback',
    reply: () => {
      drain();
      return json(202, { draining: true });
    },
  },
});
