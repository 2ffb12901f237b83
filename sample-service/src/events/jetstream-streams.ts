import { type JetStreamManager, nanos, NatsError, RetentionPolicy, StorageType, type StreamConfig } from 'nats';
import { DEAD_PREFIX } from './dead-letter.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** How long the broker knows a `Nats-Msg-Id` (ms). What a relay sends again later than this is told apart by the inbox. */
const duplicateWindowMs = 10 * minuteMs;
const keptMs = 7 * dayMs;
/** Dead letters wait for a person. */
const deadKeptMs = 90 * dayMs;

/** The stream of dead letters that belongs to a stream. */
export const deadStreamOf = (stream: string): string => `${stream}_DEAD`;

const alreadyInUse = 10_058; // JSStreamNameExistErr of the server: it is there with another configuration

/** Makes the two streams, or brings their subjects and times up to date. Limits and replicas are the broker operator's. */
export async function ensureStreams(manager: JetStreamManager, stream: string): Promise<void> {
  await ensure(manager, { name: stream, subjects: ['user.>'], max_age: nanos(keptMs) });
  await ensure(manager, {
    name: deadStreamOf(stream),
    subjects: [`${DEAD_PREFIX}>`],
    max_age: nanos(deadKeptMs),
  });
}

async function ensure(manager: JetStreamManager, own: Partial<StreamConfig> & { name: string }): Promise<void> {
  const config = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    duplicate_window: nanos(duplicateWindowMs),
    ...own,
  };
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof NatsError) || error.api_error?.err_code !== alreadyInUse) throw error;
    await manager.streams.update(config.name, config);
  }
}
