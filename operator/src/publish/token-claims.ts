/** What a token says of itself. Nothing here is checked: it only tells which tokens are worth a question to the API server. */
export interface TokenClaims {
  audiences: string[];
  /** ms since 1970. */
  expiresWallMs: number;
}

/** The longest token that is looked at (characters); those of ServiceAccounts have about a thousand. */
const MAX_LENGTH = 8192;

/** The claims of a JSON Web Token (RFC 7519 §4.1) that ends; null when it is none. */
export function readClaims(token: string): TokenClaims | null {
  if (token.length > MAX_LENGTH) return null;
  const [, payload, signature, ...more] = token.split('.');
  if (payload === undefined || signature === undefined || more.length > 0) return null;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return null;
  }
  const { aud, exp } = Object(claims) as { aud?: unknown; exp?: unknown };
  if (typeof exp !== 'number') return null;
  const audiences = [aud].flat().filter((audience) => typeof audience === 'string');
  return { audiences, expiresWallMs: exp * 1000 };
}
