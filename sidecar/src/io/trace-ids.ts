import { randomFillSync } from 'node:crypto';

/** Where trace ids, span ids and sampling draws come from. */
export interface TraceIdSource {
  /** 32 lower-case hex digits, never all zeros (W3C Trace Context §3.2.2.3). */
  traceId(): string;
  /** 16 lower-case hex digits, never all zeros (W3C Trace Context §3.2.2.4). */
  spanId(): string;
  /** A draw from [0, 1) with 32 random bits. */
  uniform(): number;
}

/** One system call fills the pool for some 250 requests. */
const poolBytes = 8192;
const traceIdBytes = 16;
const spanIdBytes = 8;
const noTraceId = '0'.repeat(2 * traceIdBytes);
const noSpanId = '0'.repeat(2 * spanIdBytes);

/** A source over the system's randomness. `fill` is replaced in tests only. */
export function newTraceIdSource(fill: (pool: Buffer) => void = (pool) => void randomFillSync(pool)): TraceIdSource {
  const pool = Buffer.allocUnsafeSlow(poolBytes);
  let at = poolBytes;

  /** Where `bytes` unused random bytes begin. */
  function take(bytes: number): number {
    if (at + bytes > poolBytes) {
      fill(pool);
      at = 0;
    }
    const start = at;
    at += bytes;
    return start;
  }

  function id(bytes: number, zeros: string): string {
    for (;;) {
      const start = take(bytes);
      const text = pool.toString('hex', start, start + bytes);
      if (text !== zeros) return text;
    }
  }

  return {
    traceId: () => id(traceIdBytes, noTraceId),
    spanId: () => id(spanIdBytes, noSpanId),
    uniform: () => pool.readUInt32LE(take(4)) / 2 ** 32,
  };
}
