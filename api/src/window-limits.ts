/** Longest windows: seconds of a `Time` window, calls of a `Count` window. */
export const WINDOW_LIMITS = { Time: 3_600, Count: 10_000 } as const;
