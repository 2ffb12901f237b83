import { Redis } from 'ioredis';
import { holdMs, type Cache, type Copy } from './cache.ts';

const commandMs = 100;
const connectMs = 1_000;
const maxRetryMs = 1_000;

// A forgotten key holds an empty text for a while. One script, since another process may forget it in between.
const putUnlessForgotten = `
  if redis.call('GET', KEYS[1]) == '' then return end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
`;

/**
 * Copies in Redis, shared by all who use the same prefix. Nothing ever waits for a connection: without one, every call
 * rejects at once, and a call that is not answered in 100 ms gives up the connection.
 * @param prefix of all keys; it names the shape of the values, so that a new shape does not read an old one
 */
export async function redisCache<Value>(url: string, prefix: string): Promise<Cache<Value>> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandMs,
    connectTimeout: connectMs,
    retryStrategy: (times) => Math.min(maxRetryMs, 25 * 2 ** times),
    keyPrefix: prefix,
  });
  // Whoever asks is told by what it asked for.
  redis.on('error', () => {});
  // So that the first requests find it. Not being there is no reason not to start.
  await redis.connect().catch(() => {});

  /** One that hangs would make every request wait: as long as it is not connected, none does. */
  const answered = async <T>(command: Promise<T>): Promise<T> => {
    try {
      return await command;
    } catch (error) {
      if (error instanceof Error && error.message === 'Command timed out' && redis.status === 'ready') {
        redis.disconnect(true);
      }
      throw error;
    }
  };
  return {
    async get(key) {
      const text = await answered(redis.get(key));
      return text === null || text === '' ? null : (JSON.parse(text) as Copy<Value>);
    },
    async put(key, copy, ttlMs) {
      await answered(redis.eval(putUnlessForgotten, 1, key, JSON.stringify(copy), Math.ceil(ttlMs)));
    },
    async forget(key) {
      await answered(redis.set(key, '', 'PX', holdMs));
    },
    async close() {
      redis.disconnect();
    },
  };
}
