/** A time (ms since 1970) as the API server writes it: RFC 3339, UTC, whole seconds. */
export const timeText = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
