/** One process of `make fuzz`: tries its part of the cases, and tells its parent how far it is. */
import { fuzz, type FuzzOptions, type FuzzTally } from './fuzz.ts';

/** What a worker is told on its start. */
export interface WorkerOrder extends Pick<FuzzOptions, 'seed' | 'stream' | 'cases'> {
  readonly seconds: number;
}

const { seconds, ...options } = JSON.parse(process.argv[2]!) as WorkerOrder;
const tell = (tally: FuzzTally): void => void process.send?.(tally);
tell(fuzz({ ...options, untilMs: performance.now() + seconds * 1000, progress: tell }));
process.disconnect?.();
