import type { KubeObject } from './resource.ts';

/** What the API server says of a token. */
export interface TokenReviewed {
  /** Good, and for the audience that was asked for. */
  authenticated: boolean;
  username: string | null;
  /** The pod that the token is bound to; null: none. */
  podName: string | null;
  podUid: string | null;
  namespace: string | null;
  /** Why it is not good. */
  error: string | null;
}

/** Reads the answer of a TokenReview. A token that is good for another audience only is not good. */
export function readTokenReview(review: KubeObject, audience: string): TokenReviewed {
  const status = Object(review['status']) as ReviewStatus;
  const audiences = status.audiences ?? [];
  const authenticated = status.authenticated === true && audiences.includes(audience);
  const username = status.user?.username ?? null;
  const extra = (name: string): string | null =>
    status.user?.extra?.[`authentication.kubernetes.io/${name}`]?.[0] ?? null;
  return {
    authenticated,
    username,
    podName: extra('pod-name'),
    podUid: extra('pod-uid'),
    namespace: /^system:serviceaccount:([^:]+):/.exec(username ?? '')?.[1] ?? null,
    error: authenticated ? null : (status.error ?? `the token is not for the audience ${audience}`),
  };
}

interface ReviewStatus {
  authenticated?: boolean;
  audiences?: string[];
  error?: string;
  user?: { username?: string; extra?: Record<string, string[]> };
}
