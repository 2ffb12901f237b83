/** The part of `opossum` that is measured: the package brings no types. */
declare module 'opossum' {
  interface Options {
    /** Milliseconds; false: no timeout. */
    timeout?: number | false;
    /** Percent. */
    errorThresholdPercentage?: number;
    resetTimeout?: number;
    volumeThreshold?: number;
    rollingCountTimeout?: number;
    rollingCountBuckets?: number;
    rollingPercentilesEnabled?: boolean;
    enableSnapshots?: boolean;
  }
  export default class CircuitBreaker<T> {
    constructor(action: () => Promise<T>, options: Options);
    fire(): Promise<T>;
    shutdown(): void;
  }
}
